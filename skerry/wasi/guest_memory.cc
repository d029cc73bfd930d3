// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/guest_memory.h"

#include <limits>

#include "skerry/base/status.h"
#include "skerry/wasi/files/types.h"

namespace skerry::wasi {

OrErrno<BufferList> BufferList::checked(GuestMemory memory, GuestPointer list,
                                        std::uint32_t count) {
  if (count > kMaxBuffers) return Errno::kInval;
  SKERRY_ASSIGN(const auto whole, memory.range(list, std::uint64_t{count} * kIovecSize));
  static_cast<void>(whole);
  const BufferList buffers(memory, list, count);
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    SKERRY_ASSIGN(const auto buffer, buffers.buffer(i));
    total += buffer.size();
  }
  if (total > std::numeric_limits<std::uint32_t>::max()) return Errno::kInval;
  return buffers;
}

OrErrno<std::span<std::byte>> BufferList::buffer(std::uint32_t index) const {
  const GuestPointer at = list_ + index * kIovecSize;
  SKERRY_ASSIGN(const std::uint32_t pointer, memory_.read<std::uint32_t>(at));
  SKERRY_ASSIGN(const std::uint32_t length, memory_.read<std::uint32_t>(at + 4));
  return memory_.range(pointer, length);
}

}  // namespace skerry::wasi
