#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the clients that tests run, into build/clients: gRPC's interop client and grpcurl with Go, grpc-js with npm, MCP's
# SDK and conformance suite with a Node.js that is new enough for them, and TypeScript's compiler, for clients/typescript. Versions
# and checksums are pinned in tests/interop and there. Installs Debian's Go and Node.js where there are none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'clients: %s\n' "$*" >&2; }

missing=()
command -v go >/dev/null || missing+=(golang-go)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" -eq 0 ] || { say "missing: ${missing[*]}. Run: sudo apt-get install --yes --no-install-recommends ${missing[*]}"; exit 1; }
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
  apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
fi

target=$PWD/build/clients
mkdir -p "$target"
say "gRPC's interop client and grpcurl, with $(go version | cut -d ' ' -f 3): about a minute"
(cd tests/interop && GOFLAGS=-mod=readonly go build -o "$target/" google.golang.org/grpc/interop/client github.com/fullstorydev/grpcurl/cmd/grpcurl)
say "grpc-js, MCP's SDK and conformance suite, with Node.js $(node --version)"
cp tests/interop/package.json tests/interop/package-lock.json "$target/"
npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --silent
say "TypeScript's compiler"
mkdir -p "$target/typescript"
cp clients/typescript/package.json clients/typescript/package-lock.json "$target/typescript/"
npm ci --prefix "$target/typescript" --ignore-scripts --no-audit --no-fund --silent
