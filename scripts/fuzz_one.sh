#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz_one.sh SECONDS LOGS TARGET: runs one fuzz target. Prints its log's end when it found something.
set -euo pipefail
name=$(basename "$3")
log=$2/$name.log
mkdir -p "build/fuzz/$name"
if ! "$3" -max_total_time="$1" -timeout=10 -rss_limit_mb=3072 -artifact_prefix="build/fuzz/$name-" "build/fuzz/$name" >"$log" 2>&1; then
  printf '%s found something:\n%s\n' "$name" "$(tail -n 40 "$log")"
  exit 1
fi
printf '%-26s %s\n' "$name" "$(tail -n 1 "$log")"
