#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what building Skerry needs from Debian 12, and checks the tools' versions. With --dev also what the sanitizers,
# the fuzz targets and formatting need. When all is there already it changes nothing, and says so; if apt knows of newer
# versions it says that, too. With --update it installs them: the libraries are linked into the service.
set -euo pipefail

say() { printf 'packages: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

packages=(
  gcc g++ cmake ninja-build make pkg-config git unzip file dpkg-dev python3 python3-venv python3-pip
  libabsl-dev libssl-dev openssl libprotobuf-dev protobuf-compiler libnghttp2-dev libre2-dev zlib1g-dev nlohmann-json3-dev libfmt-dev libcli11-dev libgtest-dev libgmock-dev libsqlite3-dev libboost1.81-dev libseccomp-dev libxxhash-dev libyaml-cpp-dev prometheus-cpp-dev libzstd-dev zstd
)
update=false
for option; do
  case "$option" in
    --dev) packages+=(clang-19 clang-format-19 libclang-rt-19-dev lld-19 systemd) ;;
    --update) update=true ;;
    *) fail "usage: $0 [--dev] [--update]" ;;
  esac
done

command -v dpkg-query >/dev/null || fail "this is not Debian; install by hand what these packages hold: ${packages[*]}"

# dpkg-query fails when it does not know one of them; what matters is the list of those it has.
installed=$(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null | awk '$1 == "ii" {print $2}' || true)
missing=()
for package in "${packages[@]}"; do
  grep --quiet --line-regexp --fixed-strings -- "$package" <<<"$installed" || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" -eq 0 ] || fail "missing: ${missing[*]}
Run this, then try again:
  sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing[*]}"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
  apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
else
  say "all ${#packages[@]} Debian packages are there"
fi

# What is newer by apt's lists, as old as these are: a package of this list or a library that comes with it.
outdated() {
  apt-get install --simulate --only-upgrade --no-install-recommends "${packages[@]}" 2>/dev/null | awk '$1 == "Inst" {print $2}'
}

if $update; then
  [ "$(id -u)" -eq 0 ] || fail "--update takes root"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
fi
mapfile -t newer < <(outdated || true)
if [ ${#newer[@]} -gt 0 ] && $update; then
  say "updating ${newer[*]}"
  apt-get install --yes --quiet=2 --only-upgrade --no-install-recommends "${packages[@]}"
elif [ ${#newer[@]} -gt 0 ]; then
  say "newer versions, security updates perhaps, of: ${newer[*]}
Run this, build again and restart the service:
  sudo $0 --update"
fi

# at_least SEEN WANTED
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort --version-sort | head -1)" = "$2" ]; }

cmake_version=$(cmake --version | sed -nE '1s/^cmake version ([0-9.]+).*/\1/p')
at_least "$cmake_version" 3.25 || fail "cmake is $cmake_version, expected 3.25 or newer: $(command -v cmake) hides Debian's own?"

python3 -m pip --version >/dev/null 2>&1 || fail "$(command -v python3) has no pip: run \`python3 -m ensurepip\` or put /usr/bin first in PATH"

rust_wanted=1.95
if ! command -v cargo >/dev/null; then
  fail "cargo is missing; Wasmtime needs Rust $rust_wanted or newer. One of:
  apt-get install cargo-web                                 # Debian 12 with its security updates
  apt-get install rustup && rustup default stable           # Debian 13 and newer
With rustup installed already: put \$HOME/.cargo/bin into PATH."
fi
rust_version=$(cargo --version | sed -nE 's/^cargo ([0-9.]+).*/\1/p')
at_least "$rust_version" "$rust_wanted" || fail "cargo is $rust_version, Wasmtime needs Rust $rust_wanted or newer. Run:
  rustup update stable
If this cargo is Debian's own, replace it: apt-get install cargo-web"

say "cmake $cmake_version, cargo $rust_version, $(python3 --version | tr '[:upper:]' '[:lower:]') with pip: good"
