// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/heap.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace skerry::app {
namespace {

constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;

// The largest threshold that every version of glibc takes.
constexpr int kMapFrom = 32 << 20;

void advise(std::uintptr_t from, std::uintptr_t to, int advice) {
  if (from >= to) return;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of the heap
  (void)::madvise(reinterpret_cast<void*>(from), to - from, advice);
}

}  // namespace

void reserve_heap(ByteSize size) {
  // Large blocks go there, too: mappings of their own would fault page by page.
  ::mallopt(M_MMAP_THRESHOLD, kMapFrom);
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * size.value));
  void* const room =
      std::malloc(size.value);  // NOLINT(cppcoreguidelines-no-malloc): grows the heap
  const auto from = round_up(reinterpret_cast<std::uintptr_t>(room), kPageSize);
  const auto to = reinterpret_cast<std::uintptr_t>(::sbrk(0)) / kPageSize * kPageSize;
  std::free(room);  // NOLINT(cppcoreguidelines-no-malloc)
  // Not where the heap is not the kernel's "break", as under a sanitizer.
  if (from >= to || to - from > 2 * size.value) return;
  advise(from, to, MADV_HUGEPAGE);
  // Up to the first boundary there are none: these pages come all at once.
  advise(from, std::min(to, round_up(from, kHugePage)), MADV_POPULATE_WRITE);
}

}  // namespace skerry::app
