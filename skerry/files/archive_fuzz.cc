// SPDX-License-Identifier: Apache-2.0
// Unpacks what may be an archive, and packs what came of it: that must unpack to the same.
#include <cstdint>
#include <cstdlib>

#include "skerry/files/archive.h"
#include "skerry/files/test_trees.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  files::Deadline deadline(files::Deadline::Clock::now() + std::chrono::seconds(10));
  files::TestTrees trees;
  const std::string_view archive(reinterpret_cast<const char*>(data), size);
  (void)files::unpack(trees.workspace, ".", archive, deadline);
  const auto packed = files::pack(trees.workspace, ".", mib(16), deadline);
  if (!packed.ok()) return 0;
  files::TestTrees again;
  if (!files::unpack(again.workspace, ".", *packed, deadline).ok()) std::abort();
  if (files::pack(again.workspace, ".", mib(16), deadline).value() != *packed) std::abort();
  return 0;
}
