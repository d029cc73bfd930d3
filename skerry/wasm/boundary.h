// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "skerry/wasm/limits.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs, names and all. For this folder alone.
// NOLINTBEGIN(readability-identifier-naming)
namespace skerry::wasm {

/// What Rust made and must get back.
template <typename T>
struct skerry_array {
  T* start;
  std::size_t length;
};

struct skerry_segment {
  std::uint64_t offset;
  const std::uint8_t* start;
  std::size_t length;
};

struct skerry_hollowed {
  skerry_array<std::uint8_t> bytes;
  skerry_array<skerry_segment> segments;
  skerry_array<std::uint32_t> mutable_globals;
};

// Both answer with the code of a status, whose message is in `text`, or in `bytes`.
extern "C" {
std::uint32_t skerry_check_command(const std::uint8_t* module, std::size_t module_length,
                                   const ModuleLimits* limits, const std::uint8_t* offered,
                                   std::size_t offered_length, skerry_array<std::uint8_t>* text);
void skerry_bytes_free(skerry_array<std::uint8_t> bytes);
std::uint32_t skerry_hollow(const std::uint8_t* module, std::size_t module_length,
                            const ModuleLimits* limits, skerry_hollowed* result);
void skerry_hollowed_free(skerry_hollowed hollowed);
}

}  // namespace skerry::wasm
// NOLINTEND(readability-identifier-naming)
