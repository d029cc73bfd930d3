// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/wasm/limits.h"

namespace skerry::wasm {

/// Bytes of a fresh memory. Borrowed from the module that was hollowed.
struct MemorySegment {
  std::uint64_t offset = 0;  ///< bytes from the memory's start
  std::span<const std::byte> bytes;
};

/// A module without its contents: instantiating it writes nothing to memory and runs nothing, so
/// memory and globals can be set to those of an image. Owns its code, borrows its segments from the
/// original module's bytes.
struct HollowModule {
  std::vector<std::byte> bytes;
  std::vector<MemorySegment>
      segments;  ///< in the order to apply: a later one overwrites; all lie in the minimum memory
  /// Their exports, in the order of their indices; their initial values stay in `bytes`.
  std::vector<std::string> mutable_globals;
};

/// Reads a module within `limits`, refuses one of whose state an image of memory and globals would
/// not hold all, and takes its contents out: active data segments, start function, custom sections
/// but that of names.
/// Exports its memory as "memory", its start function as "skerry.start" (to be called once on a
/// fresh instance, after the segments) and each mutable global as "skerry.global." and its index.
/// Caps the memory's maximum at 65,535 pages: 4 GiB less one, by which the engine tells a module's
/// memory from its own heap for garbage collection. A module without memory gets an empty one, so
/// that all are alike. Indices stay as they are.
///
/// Linear and deterministic: equal bytes in, equal bytes out; CPython's 99 MB take 0.5 s. Where a
/// segment lies is computed from constants, sums, differences, products and immutable globals of
/// the module itself. Fails as `check_command` does for what is no module or above a limit;
/// kUnimplemented for code that writes tables, uses segments up or has objects, for mutable globals
/// that hold references, several memories, an imported memory, an imported mutable global or an
/// offset that is not such a constant; kInvalidArgument for a segment outside the minimum memory
/// and for an export that takes one of our names, which begin with "skerry."; kResourceExhausted
/// for a minimum above the cap.
Result<HollowModule> hollow(std::span<const std::byte> bytes, const ModuleLimits& limits);

}  // namespace skerry::wasm
