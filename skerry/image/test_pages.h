// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/image/linear_memory.h"

/// Pages to test with. For tests only.
namespace skerry::image::testing {

/// `size` bytes of which no two pages are alike; every eighth page is zero.
inline std::vector<std::byte> patterned(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t page = 0; page < size / kPageSize; ++page) {
    if (page % 8 == 7) continue;
    std::byte* at = bytes.data() + page * kPageSize;
    std::memset(at, static_cast<int>(page * 131 % 251), kPageSize);
    std::memcpy(at + 100, &page, sizeof page);
  }
  return bytes;
}

/// A memfd that holds `bytes`.
inline OwnedFd memory_file(std::span<const std::byte> bytes) {
  OwnedFd file(::memfd_create("test", MFD_CLOEXEC));
  if (!write_all(file.get(), bytes).ok()) std::abort();
  return file;
}

inline std::shared_ptr<const PageFile> page_file(std::span<const std::byte> bytes) {
  return PageFile::open(memory_file(bytes), 0, bytes.size()).value();
}

inline std::shared_ptr<const ImagePages> base_pages(std::span<const std::byte> bytes) {
  return ImagePages::of(page_file(bytes));
}

/// All that an image's memory holds, in one piece.
inline std::vector<std::byte> whole(const ImagePages& pages) {
  std::vector<std::byte> bytes(pages.size());
  pages.copy({0, pages.size() / kPageSize}, bytes.data());
  return bytes;
}

/// Whether an address can be read: the kernel answers instead of faulting.
inline bool is_readable(const std::byte* address) {
  std::byte copy{};
  iovec to{&copy, 1};
  iovec from{const_cast<std::byte*>(address), 1};
  return ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == 1;
}

}  // namespace skerry::image::testing
