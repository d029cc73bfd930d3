#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# share_of_files.sh N tests|sources: the C++ tests, or the sources of libraries and programs, that HEAD or the work tree changed, and
# one in N of the others, one a line. Which ones follows from their names and from how many commits there are, so that N commits in a
# row see each, and the same commit always the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts=$1
number=$(git rev-list --count HEAD 2>/dev/null || echo 0)
{
  git diff --name-only --diff-filter=d HEAD~1 -- 'skerry/*.cc' 2>/dev/null || true
  for file in $(find skerry -name '*.cc'); do
    hash=$(cksum <<<"$file")
    [ $((${hash%% *} % parts)) -ne $((number % parts)) ] || echo "$file"
  done
} | { case $2 in tests) grep '_test\.cc$' ;; sources) grep -v -e '_test\.cc$' -e '_fuzz\.cc$' ;; esac || true; } | sort -u
