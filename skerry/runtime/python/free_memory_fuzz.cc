// SPDX-License-Identifier: Apache-2.0
// Takes any bytes for the beginning of a guest's memory, its allocator's state in front. Whatever
// lies there, it is read and written within its bounds and in a time that its size bounds.
#include <cstdint>
#include <cstring>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/runtime/python/free_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> memory(size);
  if (size > 0) std::memcpy(memory.data(), data, size);
  (void)skerry::runtime::python::zero_free_chunks(memory, 0);
  return 0;
}
