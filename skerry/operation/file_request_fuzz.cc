// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a request, and performs what is taken on a small tree. It is written and read
// again, too, and must then be the same.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/files/test_trees.h"
#include "skerry/operation/codec.h"
#include "skerry/operation/perform.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = operation::decode_request({reinterpret_cast<const char*>(data), size});
  if (!request.ok()) return 0;
  const auto bytes = operation::encode(*request);
  const auto again = operation::decode_request(*bytes);
  if (!again.ok() || *operation::encode(*again) != *bytes) std::abort();
  (void)operation::title_of(*request);
  const operation::Roots roots = operation::roots_of(*request);
  if (!roots.workspace && !roots.memory) std::abort();

  files::TestTrees trees(files::TestTrees::Memory::kThere);
  trees.add("a", "one\ntwo\n");
  trees.add("d/b", "three");
  trees.add_link("d/l", "../a");
  files::Deadline deadline(files::Deadline::Clock::now() + std::chrono::seconds(1));
  const auto response = operation::perform(*request, trees, deadline);
  if (!operation::decode_response(operation::encode(response), *request).ok() && response.ok()) {
    std::abort();
  }
  return 0;
}
