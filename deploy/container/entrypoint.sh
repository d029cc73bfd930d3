#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The container's first process: puts the prepared runtime into the volume, at the first start and after an update, and
# becomes `skerry` with the arguments given. Sessions, tasks and keys in the volume are left as they are.
set -euo pipefail
umask 077

prepared=${SKERRY_PREPARED:-/usr/local/share/skerry/prepared}
home=${SKERRY_HOME:?is not set}

fail() { printf 'skerry-entrypoint: %s\n' "$*" >&2; exit 125; }

if ! mkdir -p "$home" 2>/dev/null || ! [ -w "$home" ]; then
  fail "$home is not ours to write: the volume must let user $(id -u) make a directory in it"
fi

if ! cmp --silent "$prepared/stamp" "$home/.prepared"; then
  printf 'skerry-entrypoint: putting the Python runtime into %s\n' "$home" >&2
  for part in runtimes native templates; do
    mkdir -p "$home/$part"
    # A file that another container has mapped is replaced, and not written over.
    cp --archive --reflink=auto --remove-destination "$prepared/$part/." "$home/$part/"
  done
  cp "$prepared/stamp" "$home/.prepared"
fi
exec skerry "$@"
