// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_memory.h"

#include <cstdint>
#include <new>
#include <unistd.h>

#include "skerry/sandbox/template_memory.h"

namespace skerry::worker {
namespace {

constexpr std::uint64_t kTables = 10;
constexpr std::uint64_t kTableElement = 16;
constexpr std::uint64_t kOrderCopies = 3;

}  // namespace

ByteSize run_memory(const sandbox::Limits& limits, ByteSize template_memory,
                    std::size_t order_bytes, Leaves leaves) {
  const std::uint64_t held =
      sandbox::largest_linear_memory(limits.memory, template_memory).value + limits.files.value;
  const std::uint64_t tables = limits.table_elements * kTables * kTableElement;
  const std::uint64_t state = leaves == Leaves::kState ? held : 0;
  return bytes(held + limits.files.value + tables + kOrderCopies * order_bytes + state);
}

void exit_when_memory_runs_out() {
  std::set_new_handler([] { ::_exit(kMemoryExit); });
}

}  // namespace skerry::worker
