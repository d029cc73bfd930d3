// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "skerry/base/os/fd.h"

namespace skerry {

/// Something that takes the kernel long to give back, as it frees page by page: 200 MiB take 30 to
/// 150 ms. A value; owned by whoever is to `give_back`.
struct LargeThing {
  enum class Kind { kBlock, kMapping, kDescriptor };
  Kind kind = Kind::kBlock;
  void* data = nullptr;  ///< of a block of the heap, or a mapping
  std::size_t size = 0;  ///< bytes
  int fd = -1;
};

/// What counts as large: less takes less than a millisecond.
inline constexpr std::size_t kLargeRelease = std::size_t{1} << 20;

/// Gives it back on the calling thread, in pieces, so that others wait for a lock of the address
/// space or of the heap for a moment only.
void give_back(const LargeThing& thing);

/// Takes large things from a thread that must not be held up.
class ReleaseQueue {
 public:
  virtual ~ReleaseQueue() = default;
  /// False when the caller is to give it back. Called while memory is freed: allocates nothing.
  virtual bool take(const LargeThing& thing) noexcept = 0;
};

/// From now on the calling thread gives large things to `queue`, which must outlive that: heap
/// blocks (by replaced operators new and delete), mappings (`AddressRange`) and files without a
/// name (`OwnedFd`). Null: it gives back all itself, as every thread does that never calls this.
/// In a build with a sanitizer heap blocks are always given back at once.
void set_release_queue(ReleaseQueue* queue);

/// For their owners: as `close` and `munmap`, on whichever thread suits.
void release_file(int fd);
void release_mapping(std::byte* data, std::size_t size);

/// Hands a descriptor over, if the calling thread has a queue, whatever it is: a socket may hold
/// files that its other end sent and nobody has received.
void release_socket(OwnedFd fd);

}  // namespace skerry
