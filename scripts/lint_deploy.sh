#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lints what deploys Skerry, against schemas that the linters bring along: nothing is asked of a network. Seconds. The tools are
# those that tests/requirements.txt pins, in build/venv; systemd-analyze is Debian's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=build/venv/bin
failed=0

# check NAME COMMAND...: runs it, and says how it went.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    printf 'lint-deploy: %-11s ok\n' "$name"
  else
    printf 'lint-deploy: %-11s FAILED: %s\n%s\n' "$name" "$*" "$said" >&2
    failed=1
  fi
}

# The unit names programs of the install, which need not be there: a copy names one that is.
verify_unit() {
  local work said
  work=$(mktemp -d)
  sed 's#=/usr/local/bin/skerry#=/bin/true#' deploy/systemd/skerry.service >"$work/skerry.service"
  said=$(systemd-analyze verify "$work/skerry.service" 2>&1) || { printf '%s\n' "$said"; rm -r "$work"; return 1; }
  rm -r "$work"
  # What it only warns of is a mistake, too.
  [ -z "$said" ] || { printf '%s\n' "$said"; return 1; }
}

mapfile -t scripts < <(find scripts deploy -name '*.sh' | sort)
mapfile -t manifests < <(find deploy/kubernetes -name '*.yaml' | sort)
check yaml "$tools/yamllint" --strict --config-file deploy/.yamllint.yaml deploy
check kubernetes "$tools/kubernetes-validate" --strict --kubernetes-version 1.31 "${manifests[@]}"
check compose "$tools/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose/compose.yml
check dockerfile "$tools/hadolint" --config deploy/.hadolint.yaml Dockerfile
check shell "$tools/shellcheck" --severity=warning .ci/run deploy/debian/{postinst,prerm,postrm} "${scripts[@]}"
if command -v systemd-analyze >/dev/null; then
  check systemd verify_unit
else
  echo "lint-deploy: systemd     systemd-analyze is missing: apt-get install systemd" >&2
  failed=1
fi
exit "$failed"
