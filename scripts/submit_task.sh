#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Submits a task, waits for it and prints its result. Needs curl and python3, nothing else.
set -euo pipefail

usage() {
  cat <<'END'
Usage: submit_task.sh [OPTIONS] QUERY

Submits QUERY as a task to a running service (`skerry serve`), waits for its end and prints its result.
QUERY may be - : then it is read from standard input.

  submit_task.sh "Execute Python: print(sum(range(100)))"
  submit_task.sh --session work "Execute Python: x = 42"
  submit_task.sh --stream "Execute Python: import time; [print(i, flush=True) or time.sleep(1) for i in range(3)]"

Options:
  -s, --session ID     go on in this session, and keep what the task leaves there
  -u, --url URL        of the service [$SKERRY_URL, else http://127.0.0.1:8080]
  -k, --key KEY        API key [$SKERRY_KEY]
  -i, --idempotency-key KEY   submit once, however often this is called
  -t, --timeout SECS   wait no longer than this; the task goes on [300]
  -n, --no-wait        print the task's id, and do not wait
      --stream         print output while it comes
      --json           print the whole status document
  -h, --help           this

Exit code: 0 the task completed, 1 it failed, 2 wrong usage, 3 the service refused or cannot be reached,
124 it timed out or was not done in time, 130 it was cancelled.
END
}

fail() { printf 'submit_task: %s\n' "$2" >&2; exit "$1"; }
need() { [ $# -ge 2 ] || fail 2 "$1 takes a value"; }
given() { [ -n "$2" ] || fail 2 "$1 is empty: give it a value, or leave it out"; }

url=${SKERRY_URL:-http://127.0.0.1:8080}
key=${SKERRY_KEY:-}
session='' idempotency='' timeout=300 wait=yes stream='' json=''
query=
has_query=

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    -s | --session) need "$@"; given "$@"; session=$2; shift ;;
    -u | --url) need "$@"; url=$2; shift ;;
    -k | --key) need "$@"; key=$2; shift ;;
    -i | --idempotency-key) need "$@"; given "$@"; idempotency=$2; shift ;;
    -t | --timeout) need "$@"; timeout=$2; shift ;;
    -n | --no-wait) wait= ;;
    --stream) stream=yes ;;
    --json) json=yes ;;
    --) shift; [ $# -eq 1 ] && [ -z "$has_query" ] || fail 2 "one QUERY, see --help"; query=$1; has_query=yes ;;
    -) [ -z "$has_query" ] || fail 2 "one QUERY, see --help"; query=$(cat); has_query=yes ;;
    -*) fail 2 "unknown option $1, see --help" ;;
    *) [ -z "$has_query" ] || fail 2 "one QUERY, see --help"; query=$1; has_query=yes ;;
  esac
  shift
done
[ -n "$query" ] || { usage >&2; exit 2; }
[[ $timeout =~ ^[1-9][0-9]{0,5}$ ]] || fail 2 "--timeout is \"$timeout\", expected whole seconds from 1"
command -v curl >/dev/null || fail 3 "curl is missing: apt-get install curl"
command -v python3 >/dev/null || fail 3 "python3 is missing: apt-get install python3"

# The key goes through a file descriptor: arguments of programs are everybody's to read.
headers() {
  printf 'Content-Type: application/json\n'
  if [ -n "$key" ]; then printf 'X-API-Key: %s\n' "$key"; fi
  if [ -n "$idempotency" ]; then printf 'Idempotency-Key: %s\n' "$idempotency"; fi
}

# field NAME: that member of the object on standard input, as text.
field() {
  python3 -c 'import json, sys
try:
    value = json.load(sys.stdin).get(sys.argv[1])
except (ValueError, AttributeError):
    sys.exit(1)
sys.stdout.write("" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))' "$1"
}

# call METHOD PATH: the answer, its status in `status`.
call() {
  local answer
  answer=$(curl --silent --show-error --max-time 60 --request "$1" --header @<(headers) --write-out '\n%{http_code}' "${@:3}" "$url$2") ||
    fail 3 "the service at $url cannot be reached; is \`skerry serve\` running?"
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  body=$answer
}

request=$(printf '%s' "$query" | SESSION=$session python3 -c 'import json, os, sys
body = {"query": sys.stdin.read()}
if os.environ["SESSION"]:
    body["session_id"] = os.environ["SESSION"]
json.dump(body, sys.stdout)')
call POST /api/v1/tasks --data-binary @<(printf '%s' "$request")
[ "$status" = 200 ] || fail 3 "refused ($status): $(field error <<<"$body" || printf '%s' "$body")"
id=$(field task_id <<<"$body") || fail 3 "the service at $url does not answer as expected"

if [ -z "$wait" ]; then printf '%s\n' "$id"; exit 0; fi

# Where the events were left, for when the connection is lost.
place=$(mktemp)
trap 'rm -f "$place"' EXIT
printf 0 >"$place"

# Ends with the task, or with the time.
follow() {
  curl --silent --no-buffer --max-time "$timeout" --header @<(headers) \
    "$url/api/v1/stream/sse?workflow_id=$id&last_event_id=$(cat "$place")" |
    python3 -c 'import json, sys
for line in sys.stdin:
    if line.startswith("id: "):
        with open(sys.argv[2], "w") as place:
            place.write(line[4:].strip())
    if not sys.argv[1] or not line.startswith("data: {"):
        continue
    event = json.loads(line[6:])
    payload = event.get("payload") or {}
    if payload.get("intermediate"):
        stream = sys.stderr if payload.get("event") == "stderr" else sys.stdout
        stream.write(event["message"])
        stream.flush()' "$stream" "$place" || true
}

deadline=$((SECONDS + timeout))
while :; do
  follow
  call GET "/api/v1/tasks/$id"
  [ "$status" = 200 ] || fail 3 "the task cannot be seen ($status): $(field error <<<"$body" || true)"
  state=$(field status <<<"$body")
  case $state in
    TASK_STATUS_QUEUED | TASK_STATUS_RUNNING | TASK_STATUS_PAUSED)
      [ $SECONDS -lt $deadline ] || fail 124 "task $id is $state after $timeout s; it goes on: GET $url/api/v1/tasks/$id"
      timeout=$((deadline - SECONDS))
      sleep 0.2
      ;;
    *) break ;;
  esac
done

if [ -n "$json" ]; then
  printf '%s\n' "$body"
elif [ -z "$stream" ]; then
  field result <<<"$body"
fi
case $state in
  TASK_STATUS_COMPLETED) exit 0 ;;
  TASK_STATUS_TIMEOUT) code=124 ;;
  TASK_STATUS_CANCELLED) code=130 ;;
  *) code=1 ;;
esac
fail "$code" "task $id is $state: $(field error <<<"$body")"
