// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/release.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skerry/base/sanitizer.h"

namespace skerry {
namespace {

// Pages that are given back in one go. Unmapping all at once would keep every thread waiting that
// maps something, and trimming the heap every thread that allocates.
constexpr std::size_t kPiece = std::size_t{4} << 20;

void drop_pages(void* data, std::size_t size) {
  constexpr std::uintptr_t kPage = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t begin = (address + kPage - 1) / kPage * kPage;
  const std::uintptr_t end = (address + size) / kPage * kPage;
  for (std::uintptr_t at = begin; at < end; at += std::min<std::uintptr_t>(kPiece, end - at)) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): whole pages within the range
    ::madvise(reinterpret_cast<void*>(at), std::min<std::uintptr_t>(kPiece, end - at),
              MADV_DONTNEED);
  }
}

/// Of this thread; null when it gives back all itself.
constinit thread_local ReleaseQueue* release_queue = nullptr;

void release(const LargeThing& thing) {
  if (release_queue == nullptr || !release_queue->take(thing)) give_back(thing);
}

}  // namespace

void give_back(const LargeThing& thing) {
  switch (thing.kind) {
    case LargeThing::Kind::kBlock:
      drop_pages(thing.data, thing.size);
      std::free(thing.data);  // NOLINT(cppcoreguidelines-no-malloc): see operator new below
      break;
    case LargeThing::Kind::kMapping:
      drop_pages(thing.data, thing.size);
      ::munmap(thing.data, thing.size);
      break;
    case LargeThing::Kind::kDescriptor:
      ::close(thing.fd);
      break;
  }
}

void set_release_queue(ReleaseQueue* queue) { release_queue = queue; }

void release_file(int fd) {
  if (release_queue != nullptr) {
    struct stat info{};
    // A file with a name keeps its bytes.
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 0) {
      const auto size = static_cast<std::size_t>(info.st_blocks) * 512;
      if (size >= kLargeRelease) {
        release({.kind = LargeThing::Kind::kDescriptor, .size = size, .fd = fd});
        return;
      }
    }
  }
  ::close(fd);
}

void release_mapping(std::byte* data, std::size_t size) {
  if (release_queue != nullptr && size >= kLargeRelease) {
    release({.kind = LargeThing::Kind::kMapping, .data = data, .size = size});
  } else {
    ::munmap(data, size);
  }
}

void release_socket(OwnedFd fd) {
  if (fd.is_open()) release({.kind = LargeThing::Kind::kDescriptor, .fd = fd.release()});
}

}  // namespace skerry

#ifndef SKERRY_HAS_SANITIZER

// NOLINTBEGIN(cppcoreguidelines-no-malloc,misc-new-delete-overloads): a pair that belongs together;
// all other forms are made of these. Not inlined: gcc would see free() of what operator new
// returns.
[[gnu::noinline]] void* operator new(std::size_t size) {
  for (;;) {
    if (void* data = std::malloc(size == 0 ? 1 : size)) return data;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

[[gnu::noinline]] void operator delete(void* data) noexcept {
  if (skerry::release_queue != nullptr && data != nullptr) {
    const std::size_t size = ::malloc_usable_size(data);
    if (size >= skerry::kLargeRelease) {
      skerry::release({.kind = skerry::LargeThing::Kind::kBlock, .data = data, .size = size});
      return;
    }
  }
  std::free(data);
}

[[gnu::noinline]] void operator delete(void* data, std::size_t /*size*/) noexcept {
  operator delete(data);
}
// NOLINTEND(cppcoreguidelines-no-malloc,misc-new-delete-overloads)

#endif
