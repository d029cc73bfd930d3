// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "skerry/base/bytes.h"
#include "skerry/wasm/hollow.h"
#include "skerry/wasm/reader.h"

// What is hollowed can be read again, has no contents left, and its segments lie in its memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  using namespace skerry::wasm;
  const auto limits = ModuleLimits::bundled_runtime();
  const auto module = read_module(std::as_bytes(std::span(data, size)), limits);
  if (!module.ok()) return 0;
  const auto hollowed = hollow(*module, size % 2 == 0 ? NameSection::kDrop : NameSection::kKeep);
  if (!hollowed.ok()) return 0;
  const auto again = read_module(hollowed->bytes, limits);
  if (!again.ok() || again->start || again->memories.size() != 1) std::abort();
  for (const DataSegment& each : again->data) {
    if (each.mode == SegmentMode::kActive) std::abort();
  }
  for (const MutableGlobal& each : hollowed->mutable_globals) {
    if (again->find_export(each.export_name) == nullptr) std::abort();
  }
  for (const MemorySegment& each : hollowed->segments) {
    if (each.offset + each.bytes.size() > hollowed->minimum_pages * kWasmPageSize) std::abort();
  }
  return 0;
}
