#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build_package.sh deb|wheel: makes one of the packages of the release build, in build/packages. The programs are stripped; the parts of
# the Python runtime come from SKERRY_HOME, where scripts/setup_python_wasi.sh has put them. Nothing names this machine's directories.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$PWD/build/packages
tree=$out/tree
tools=$PWD/build/venv/bin
export SKERRY_HOME=${SKERRY_HOME:-$PWD/build/home}

fail() { printf 'build_package: %s\n' "$*" >&2; exit 1; }

# install_tree PREFIX COMPONENT...: what `make install` installs, and these components.
install_tree() {
  local prefix=$1 component
  shift
  rm -rf "$tree" && mkdir -p "$tree"
  DESTDIR=$tree cmake --install build/release --prefix "$prefix" --strip >/dev/null
  for component; do
    DESTDIR=$tree cmake --install build/release --prefix "$prefix" --component "$component" >/dev/null
  done
  scripts/crate_licences.py >"$tree$prefix/share/doc/skerry/crates.txt"
  add_archive_licences "$tree$prefix"
  find "$tree" -type d -exec chmod 0755 {} +
  # By folders: /src alone, as in crates/x/src, would be no sign of one.
  if grep -rlaF -e "$PWD/build/" -e "$PWD/skerry/" -e "${CARGO_HOME:-$HOME/.cargo}/" "$tree"; then
    fail "these files name directories of this machine"
  fi
}

# The licences of the libraries that are in the programs themselves (cmake/StaticLibraries.cmake).
add_archive_licences() {
  local to=$1/share/doc/skerry/libraries package
  mkdir -p "$to"
  for package in libabsl-dev libprotobuf-dev; do cp "/usr/share/doc/$package/copyright" "$to/$package.txt"; done
}

# The licences of the shared libraries that a wheel brings along. Debian's packages name their files by /lib or /usr/lib.
add_library_licences() {
  local to=$1/share/doc/skerry/libraries package
  mkdir -p "$to"
  ldd "$1"/bin/* | sed -nE 's/.* => (\/\S+) .*/\1/p' | sort -u | xargs realpath | sed 's#.*/#*/x86_64-linux-gnu/#' | xargs dpkg --search | cut -d: -f1 | sort -u |
    while read -r package; do cp "/usr/share/doc/$package/copyright" "$to/$package.txt"; done
}

build_deb() {
  install_tree /usr runtime debian
  (cd build/release && cpack --config CPackConfig.cmake >"$out/cpack.log" 2>&1) || { cat "$out/cpack.log" >&2; fail "cpack failed"; }
  rm -rf "$out/_CPack_Packages"
}

build_wheel() {
  install_tree /programs runtime
  add_library_licences "$tree/programs"
  rm -rf "$out/plain" "$out"/skerry-*.whl
  SKERRY_TREE=$tree/programs "$tools/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
    --wheel-dir "$out/plain" clients/python
  # The oldest glibc that has all symbols is that of this Debian.
  PATH=$tools:$PATH "$tools/auditwheel" repair --plat "manylinux_$(getconf GNU_LIBC_VERSION | sed 's/glibc //; s/\./_/')_x86_64" \
    --only-plat --wheel-dir "$out" "$out"/plain/skerry-*.whl
  rm -rf "$out/plain"
}

mkdir -p "$out"
case "${1:-}" in
  deb) build_deb ;;
  wheel) build_wheel ;;
  *) fail "usage: $0 deb|wheel" ;;
esac
rm -rf "$tree"
ls -l "$out"/skerry[_-]*
