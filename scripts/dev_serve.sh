#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts the service, has it run a program over HTTP, shows the answer, and stays until Ctrl-C. Needs what submit_task.sh does.
set -euo pipefail

usage() {
  cat <<'END'
Usage: dev_serve.sh [OPTIONS] [-- OPTIONS OF `skerry serve`]

Starts `skerry serve`, submits "Execute Python: print('Hello, Shannon!')" and prints the answer. Then it serves until
Ctrl-C, which lets what is under way end; a second one does not wait.

Options:
      --once   stop after the answer; so it does where standard input is no terminal, and where CI is set
      --stay   serve on, also there
  -h, --help   this

Environment: SKERRY is the binary [build/release/bin/skerry, else the one in PATH]; DEV_SERVE is once or stay.

Exit code: 0 it answered, and ended well; else that of what went wrong.
END
}

fail() { printf 'dev_serve: %s\n' "$2" >&2; exit "$1"; }
say() { printf '\n== dev: %s\n' "$*"; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
skerry=${SKERRY:-$here/../build/release/bin/skerry}
[ -n "${SKERRY:-}" ] || [ -x "$skerry" ] || skerry=$(command -v skerry) || fail 2 "no skerry: run \`make build\`, or set SKERRY"
if [ -t 0 ] && [ -z "${CI:-}" ]; then way=stay; else way=once; fi
way=${DEV_SERVE:-$way}
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --once | --stay) way=${1#--} ;;
    --) shift; break ;;
    *) fail 2 "unknown option $1, see --help" ;;
  esac
  shift
done
case $way in once | stay) ;; *) fail 2 "DEV_SERVE is \"$way\", expected once or stay" ;; esac

log=$(mktemp)
service=
# end CODE: whatever happens, nothing is left behind.
end() {
  if [ -n "$service" ] && kill -TERM "$service" 2>/dev/null; then wait "$service" || true; fi
  rm -f "$log"
}
trap end EXIT

say "starting the service: ${skerry#"$PWD"/} serve${*:+ $*}"
# A process group of its own, because a terminal sends Ctrl-C to all of ours: the service would hear it twice, and not wait.
# What it says goes through tee, which must outlive Ctrl-C for the same reason.
set -m 2>/dev/null
"$skerry" serve "$@" </dev/null 2> >(trap '' INT TERM; exec tee "$log" >&2) &
service=$!
set +m
stop() { kill -TERM "$service" 2>/dev/null || true; }
trap stop INT TERM

# await: until the service has ended; its exit code.
await() {
  local code=0
  wait "$service" || code=$?
  # A signal of ours ends the waiting, and not the service.
  while kill -0 "$service" 2>/dev/null; do
    code=0
    wait "$service" || code=$?
  done
  service=
  return "$code"
}

# The first start may compile the runtime, for minutes; one that cannot start ends.
# What it says is text, or JSON with SKERRY_LOG=json.
address='^(skerry: |.*"message":")HTTP( over TLS)? on ([^"]*)"?\}?$'
until url=$(sed -nE "s#$address#http\2://\3#p" "$log" | sed 's/^http over TLS/https/' | tail -n 1) && [ -n "$url" ]; do
  if ! kill -0 "$service" 2>/dev/null; then
    code=0
    await || code=$?
    sleep 0.1 # for tee
    if grep --quiet --ignore-case 'in use' "$log"; then
      fail "${code:-1}" "a port is taken: stop what listens there (ss -ltnp), or give others: $0 -- --grpc 127.0.0.1:6000 --http 127.0.0.1:6001"
    fi
    [ "$code" -ne 0 ] || exit 0 # it was told to stop
    fail "$code" "the service did not start"
  fi
  sleep 0.05
done

query="Execute Python: print('Hello, Shannon!')"
say "asking it over HTTP: scripts/submit_task.sh \"$query\""
"$here/submit_task.sh" --url "$url" "$query"

if [ "$way" = stay ]; then
  say "it serves at the addresses above; $url/openapi.json names what there is, $url/metrics what happens"
  printf 'Another shell: scripts/submit_task.sh --url %s "Execute Python: print(sum(range(100)))"\nStop: Ctrl-C here, or kill %s\n' "$url" "$service"
else
  say "stopping"
  stop
fi
code=0
await || code=$?
[ "$code" -eq 0 ] || fail "$code" "the service ended with exit code $code"
say "the service has stopped"
