// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as edits of a small memory, and lays what is taken over it: alone, and merged
// with edits of its own beginning.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/image/test_pages.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using image::Edits;
  static const auto kMemory = image::testing::patterned(kWasmPageSize);
  static const auto kPages = image::testing::base_pages(kMemory);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto edits = Edits::parse(text, kMemory.size());
  if (!edits.ok()) return 0;
  const auto after = kPages->with(*edits, kMemory.size());
  image::EditsBuilder builder;
  for (std::size_t page = 0; page < kMemory.size() / kPageSize; ++page) {
    builder.add_difference(page * kPageSize, kPages->page(page), after->page(page));
  }
  const Edits difference = std::move(builder).finish();
  const auto whole = image::testing::whole(*after);
  for (const Edits& same : {difference, merge(*edits, difference), merge(difference, *edits)}) {
    if (image::testing::whole(*kPages->with(same, kMemory.size())) != whole) std::abort();
  }
  return 0;
}
