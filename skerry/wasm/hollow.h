// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// A hollow module's memory never declares more than this many pages: 4 GiB less one, by which the
/// engine tells a module's memory from its own heap for garbage collection.
inline constexpr std::uint64_t kMaxHollowPages = 65'535;

/// What every hollow module calls its one memory.
inline constexpr std::string_view kMemoryExport = "memory";
/// Under which it exports what was its start function. Names that begin with "skerry." are ours.
inline constexpr std::string_view kStartExport = "skerry.start";
/// Under which, with the global's index behind it, it exports each mutable global.
inline constexpr std::string_view kGlobalExportPrefix = "skerry.global.";

/// Bytes of a fresh memory. Borrowed from the module that was hollowed.
struct MemorySegment {
  std::uint64_t offset = 0;  ///< bytes from the memory's start
  std::span<const std::byte> bytes;
};

struct MutableGlobal {
  std::string export_name;
  std::uint32_t index = 0;
  ValueType type;
};

/// A module without its contents: instantiating it writes nothing to memory and runs nothing, so
/// memory and globals can be set to those of an image. Owns its code, borrows its segments from the
/// original module's bytes.
struct HollowModule {
  std::vector<std::byte> bytes;
  std::vector<MemorySegment>
      segments;  ///< in the order to apply: a later one overwrites; all lie in the minimum memory
  std::uint64_t minimum_pages = 0;
  std::vector<MutableGlobal>
      mutable_globals;  ///< in index order; their initial values stay in `bytes`
  std::optional<std::string>
      start_export;  ///< to be called once on a fresh instance, after the segments
};

enum class NameSection { kDrop, kKeep };

/// Takes the contents out of `module`: active data segments, start function, custom sections (the
/// name section may stay, for traces). Exports its memory and all its mutable globals, and caps the
/// memory's maximum at `kMaxHollowPages`. A module without memory gets an empty one, so that all
/// are alike. Indices stay as they are.
///
/// Linear and deterministic: equal bytes in, equal bytes out. Where a segment lies is computed from
/// constants, sums, differences, products and immutable globals of the module itself.
/// kUnimplemented for several memories, an imported memory, an imported mutable global or an offset
/// that is not such a constant; kInvalidArgument for a segment outside the minimum memory and for
/// an export that takes one of our names; kResourceExhausted for a minimum above the cap.
Result<HollowModule> hollow(const Module& module, NameSection names = NameSection::kDrop);

}  // namespace skerry::wasm
