// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/linear_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace skerry::image {
namespace {

// A page that this many resets in a row found unchanged costs more to look at than the fault that brings it back; where
// there are many pages to look at (a middling run left them), patience is shorter.
constexpr std::uint8_t kIdleResets = 16;
constexpr std::uint8_t kIdleResetsWhenMany = 2;
constexpr std::size_t kManyPages = 512;

// More private pages than this are one heavy run's doing: looking at each would slow every later reset. 1,024 pages are
// 4 MiB, several times what a small pandas program writes, and copy back in 0.1 ms.
constexpr std::size_t kHeavyPages = 1024;

Status protect(std::byte* at, std::size_t length, int protection) {
  return syscall_result("mprotect", {}, [&] { return ::mprotect(at, length, protection); }).status();
}

Status map_private(std::byte* at, const PageFile& pages) {
  return syscall_result("mmap", "image", [&] {
           return ::mmap(at, pages.bytes().size(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, pages.fd(),
                         static_cast<off_t>(pages.offset()));
         })
      .status();
}

Status give_back(std::byte* at, std::size_t length) {
  return syscall_result("madvise", "MADV_DONTNEED",
                        [&] { return ::madvise(at, length, MADV_DONTNEED); })
      .status();
}

}  // namespace

Result<std::shared_ptr<const PageFile>> PageFile::open(OwnedFd file, std::uint64_t offset,
                                                       std::size_t size) {
  if (offset % kPageSize != 0 || size % kPageSize != 0 || size == 0) {
    return absl::InvalidArgumentError("an image's pages must be whole pages, at least one");
  }
  auto pages = std::shared_ptr<PageFile>(new PageFile);
  SKERRY_ASSIGN(pages->view_, AddressRange::reserve(size));
  SKERRY_TRY(syscall_result("mmap", "image", [&] {
               return ::mmap(pages->view_.data(), size, PROT_READ, MAP_SHARED | MAP_FIXED,
                             file.get(), static_cast<off_t>(offset));
             }).status());
  pages->file_ = std::move(file);
  pages->offset_ = offset;
  pages->size_ = size;
  return std::shared_ptr<const PageFile>(std::move(pages));
}

Result<std::unique_ptr<LinearMemory>> LinearMemory::zeroed(ByteSize limit) {
  auto memory = std::unique_ptr<LinearMemory>(new LinearMemory);
  SKERRY_ASSIGN(memory->range_, AddressRange::reserve(kGuard + kReservation + kGuard));
  memory->base_ = memory->range_.data() + kGuard;
  memory->limit_ = limit;
  return memory;
}

Result<std::unique_ptr<LinearMemory>> LinearMemory::on_image(std::shared_ptr<const PageFile> pages,
                                                             ByteSize limit) {
  SKERRY_ASSIGN(auto memory, zeroed(limit));
  const std::size_t size = pages->bytes().size();
  if (size > kReservation || size % kWasmPageSize != 0) {
    return absl::InvalidArgumentError("an image's memory must be whole WebAssembly pages, at most 4 GiB");
  }
  SKERRY_TRY(map_private(memory->base_, *pages));
  memory->size_ = memory->peak_ = size;
  memory->image_ = std::move(pages);
  memory->idle_.assign(size / kPageSize, 0);
  return memory;
}

Status LinearMemory::grow_to(std::size_t size) {
  if (size > limit_.value || size > kReservation) {
    refused_ = true;
    return absl::ResourceExhaustedError("memory limit of " + std::to_string(limit_.value) + " bytes");
  }
  if (size > size_) SKERRY_TRY(protect(base_ + size_, size - size_, PROT_READ | PROT_WRITE));
  size_ = std::max(size_, size);
  peak_ = std::max(peak_, size_);
  return ok_status();
}

Status LinearMemory::shrink_to_image() {
  const std::size_t keep = image_size();
  if (size_ > keep) {
    // Mapped anew rather than given back: one call, no access, and the kernel forgets the pages.
    SKERRY_TRY(syscall_result("mmap", "shrink", [&] {
                 return ::mmap(base_ + keep, size_ - keep, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
               }).status());
    size_ = keep;
  }
  peak_ = size_;
  refused_ = false;
  return ok_status();
}

Result<std::span<const PageRun>> LinearMemory::dirty() {
  if (!image_) return absl::FailedPreconditionError("memory without an image has no dirty pages");
  if (!tracker_) {
    SKERRY_ASSIGN(tracker_, DirtyPages::open({base_, image_size()}, image_->bytes()));
  }
  return tracker_->scan();
}

DirtyPages::Method LinearMemory::method() const {
  return tracker_ ? tracker_->method() : DirtyPages::Method::kCompare;
}

Result<LinearMemory::ResetCost> LinearMemory::reset() {
  SKERRY_TRY(shrink_to_image());
  if (!image_) return ResetCost{};
  SKERRY_ASSIGN(const auto runs, dirty());
  return restore(runs);
}

Result<LinearMemory::ResetCost> LinearMemory::restore(std::span<const PageRun> runs) {
  ResetCost cost;
  for (const PageRun& run : runs) cost.dirty += run.count;
  const bool heavy = cost.dirty > kHeavyPages;
  const std::uint8_t patience = cost.dirty > kManyPages ? kIdleResetsWhenMany : kIdleResets;
  const std::byte* pristine = image_->bytes().data();
  for (const PageRun& run : runs) {
    std::size_t cold_from = run.first;  // pages [cold_from, page) are to be given back
    const auto flush = [&](std::size_t end) -> Status {
      if (end == cold_from) return ok_status();
      cost.given_back += end - cold_from;
      return give_back(base_ + cold_from * kPageSize, (end - cold_from) * kPageSize);
    };
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      std::byte* live = base_ + page * kPageSize;
      const std::byte* original = pristine + page * kPageSize;
      if (std::memcmp(live, original, kPageSize) == 0) {
        if (!heavy && ++idle_[page] < patience) {
          SKERRY_TRY(flush(page));
          cold_from = page + 1;
          continue;
        }
        idle_[page] = 0;
        continue;
      }
      // After a heavy run only the pages that a run before it had already made private are kept.
      if (heavy && idle_[page] == 0) continue;
      idle_[page] = 1;
      std::memcpy(live, original, kPageSize);
      ++cost.copied;
      SKERRY_TRY(flush(page));
      cold_from = page + 1;
    }
    SKERRY_TRY(flush(run.first + run.count));
  }
  return cost;
}

}  // namespace skerry::image
