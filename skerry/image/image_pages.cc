// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_pages.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace skerry::image {

bool is_zero(std::span<const std::byte> page) {
  return page.front() == std::byte{0} &&
         std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

Result<std::shared_ptr<const PageFile>> PageFile::open(OwnedFd file, std::uint64_t offset,
                                                       std::size_t size) {
  if (offset % kPageSize != 0 || size % kPageSize != 0 || size == 0) {
    return absl::InvalidArgumentError("an image's pages must be whole pages, at least one");
  }
  auto pages = std::shared_ptr<PageFile>(new PageFile);
  SKERRY_ASSIGN(pages->view_, AddressRange::reserve(size));
  pages->file_ = std::move(file);
  pages->offset_ = offset;
  pages->size_ = size;
  SKERRY_TRY(pages->map({0, size / kPageSize}, pages->view_.data(), PROT_READ, MAP_SHARED));
  return std::shared_ptr<const PageFile>(std::move(pages));
}

std::shared_ptr<const PageFile> PageFile::in_memory(std::vector<std::byte> pages) {
  auto file = std::shared_ptr<PageFile>(new PageFile);
  file->memory_ = std::move(pages);
  return file;
}

Status PageFile::map(PageRun run, std::byte* to, int protection, int sharing) const {
  return syscall_result("mmap", "image",
                        [&] {
                          return ::mmap(to, run.count * kPageSize, protection,
                                        sharing | MAP_FIXED | MAP_NORESERVE, file_.get(),
                                        static_cast<off_t>(offset_ + run.first * kPageSize));
                        })
      .status();
}

std::shared_ptr<const ImagePages> ImagePages::of(std::shared_ptr<const PageFile> base) {
  auto pages = std::shared_ptr<ImagePages>(new ImagePages);
  pages->size_ = base->bytes().size();
  pages->base_ = std::move(base);
  return pages;
}

Result<std::shared_ptr<const ImagePages>> ImagePages::layered(std::shared_ptr<const PageFile> base,
                                                              std::vector<Extent> extents,
                                                              std::size_t size) {
  if (size % kWasmPageSize != 0 || size < base->bytes().size()) {
    return absl::InvalidArgumentError("an image must be whole WebAssembly pages and hold its base");
  }
  std::size_t end = 0;
  for (const Extent& extent : extents) {
    const std::size_t in_file = extent.file->bytes().size() / kPageSize;
    if (extent.count == 0 || extent.first < end || extent.count > size / kPageSize ||
        extent.first > size / kPageSize - extent.count || extent.at > in_file ||
        extent.count > in_file - extent.at) {
      return absl::InvalidArgumentError("an image's extents must be in order and within it");
    }
    end = extent.first + extent.count;
  }
  auto pages = std::shared_ptr<ImagePages>(new ImagePages);
  pages->base_ = std::move(base);
  pages->layers_ = std::move(extents);
  pages->size_ = size;
  return std::shared_ptr<const ImagePages>(std::move(pages));
}

std::shared_ptr<const ImagePages> ImagePages::with(const Edits& edits, std::size_t size) const {
  const std::vector<std::size_t> edited = edits.pages();
  std::vector<std::byte> bytes(edited.size() * kPageSize);
  for (std::size_t i = 0; i < edited.size(); ++i) {
    std::memcpy(bytes.data() + i * kPageSize, page(edited[i]), kPageSize);
  }
  Edits::Reader reader(edits);
  std::size_t i = 0;
  while (const auto part = reader.next_in_page()) {
    while (edited[i] < part->at / kPageSize) ++i;
    std::memcpy(bytes.data() + i * kPageSize + part->at % kPageSize, part->bytes.data(),
                part->bytes.size());
  }
  const auto file = PageFile::in_memory(std::move(bytes));
  std::vector<Extent> extents;
  for (i = 0; i < edited.size(); ++i) {
    if (!extents.empty() && extents.back().first + extents.back().count == edited[i]) {
      ++extents.back().count;
    } else {
      extents.push_back({edited[i], 1, file, i});
    }
  }
  auto pages = std::shared_ptr<ImagePages>(new ImagePages);
  pages->base_ = base_;
  pages->layers_ = overlay(layers_, extents);
  pages->size_ = size;
  return pages;
}

const std::byte* ImagePages::page(std::size_t index) const {
  alignas(kPageSize) static constexpr std::array<std::byte, kPageSize> kZero{};
  const auto above =
      std::upper_bound(layers_.begin(), layers_.end(), index,
                       [](std::size_t page, const Extent& extent) { return page < extent.first; });
  if (above != layers_.begin()) {
    const Extent& extent = *std::prev(above);
    if (index - extent.first < extent.count) {
      return extent.file->bytes().data() + (extent.at + index - extent.first) * kPageSize;
    }
  }
  const auto base = base_->bytes();
  return index < base.size() / kPageSize ? base.data() + index * kPageSize : kZero.data();
}

void ImagePages::copy(PageRun run, std::byte* to) const {
  if (layers_.empty()) {
    std::memcpy(to, base_->bytes().data() + run.first * kPageSize, run.count * kPageSize);
    return;
  }
  for (std::size_t i = 0; i < run.count; ++i) {
    std::memcpy(to + i * kPageSize, page(run.first + i), kPageSize);
  }
}

Status ImagePages::map_private(std::byte* to) const {
  constexpr int kWritable = PROT_READ | PROT_WRITE;
  const std::size_t base_size = base_->bytes().size();
  SKERRY_TRY(base_->map({0, base_size / kPageSize}, to, kWritable, MAP_PRIVATE));
  if (size_ > base_size) {
    SKERRY_TRY(syscall_result("mprotect", "image", [&] {
                 return ::mprotect(to + base_size, size_ - base_size, kWritable);
               }).status());
  }
  for (const Extent& extent : layers_) {
    std::byte* const at = to + extent.first * kPageSize;
    if (extent.is_mapped()) {
      SKERRY_TRY(extent.file->map({extent.at, extent.count}, at, kWritable, MAP_PRIVATE));
    } else {
      std::memcpy(at, extent.file->bytes().data() + extent.at * kPageSize,
                  extent.count * kPageSize);
    }
  }
  return ok_status();
}

Status ImagePages::map_base(PageRun run, std::byte* to) const {
  constexpr int kWritable = PROT_READ | PROT_WRITE;
  const std::size_t pages = base_->bytes().size() / kPageSize;
  const std::size_t in_base = run.first < pages ? std::min(run.count, pages - run.first) : 0;
  if (in_base > 0) SKERRY_TRY(base_->map({run.first, in_base}, to, kWritable, MAP_PRIVATE));
  if (in_base == run.count) return ok_status();
  return syscall_result(
             "mmap", "image",
             [&] {
               return ::mmap(to + in_base * kPageSize, (run.count - in_base) * kPageSize, kWritable,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
             })
      .status();
}

std::vector<Extent> overlay(std::span<const Extent> below, std::span<const Extent> above) {
  std::vector<Extent> result;
  const auto add = [&](const Extent& extent, std::size_t from, std::size_t to) {
    if (from >= to) return;
    const std::size_t at = extent.at + (from - extent.first);
    if (!result.empty()) {
      Extent& last = result.back();
      if (last.file == extent.file && last.first + last.count == from &&
          last.at + last.count == at) {
        last.count += to - from;
        return;
      }
    }
    result.push_back({from, to - from, extent.file, at});
  };
  auto under = below.begin();
  std::size_t done = 0;  // all before this page is in `result`
  const auto add_below_until = [&](std::size_t end) {
    while (under != below.end() && under->first < end) {
      add(*under, std::max(done, under->first), std::min(end, under->first + under->count));
      if (under->first + under->count > end) break;
      ++under;
    }
    done = end;
  };
  for (const Extent& extent : above) {
    add_below_until(extent.first);
    add(extent, extent.first, extent.first + extent.count);
    done = extent.first + extent.count;
  }
  while (under != below.end()) {
    add(*under, std::max(done, under->first), under->first + under->count);
    ++under;
  }
  return result;
}

}  // namespace skerry::image
