// SPDX-License-Identifier: Apache-2.0
// Opens any bytes as what a run's process left. The first byte chooses: the rest is the whole file,
// or it is the message behind as many pages as the byte says, with a trailer that fits.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "skerry/image/captured_state.h"
#include "skerry/image/test_template.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const image::testing::TestTemplate kTemplate;
  if (size == 0) return 0;
  std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 != 0) {
    const std::uint64_t pages = data[0] / 2 % 8;
    const std::uint64_t trailer[2] = {pages * kPageSize, file.size()};
    file.insert(0, pages * kPageSize, 'x');
    file.append(reinterpret_cast<const char*>(trailer), sizeof trailer);
  }
  const OwnedFd fd = image::testing::memory_file(as_bytes(file));
  const auto captured =
      image::read_captured(fd.get(), {.before = image::testing::kTemplateSize,
                                      .globals = kTemplate.root.manifest().globals,
                                      .memory = image::testing::kRunLimit});
  if (!captured.ok()) return 0;
  // What was taken can be used: all pages that it names are there, and within memory.
  std::size_t at = 0;
  for (const PageRun& run : captured->state.changed) {
    if ((run.first + run.count) * kPageSize > captured->state.memory_size) std::abort();
    at += run.count * kPageSize;
  }
  if (at != captured->pages().size()) std::abort();
  (void)image::is_zero(captured->pages().empty() ? as_bytes("x") : captured->pages());
  return 0;
}
