// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/status.h"
#include "skerry/image/edits.h"

namespace skerry::image {

bool is_zero(std::span<const std::byte> page);

/// Whole pages in a file, mapped read-only, or in this process's memory. Const calls may run
/// concurrently.
class PageFile {
 public:
  /// The pages in [offset, offset + size) of `file`, both multiples of the page size. Takes `file`
  /// over. The file must never change while anything is mapped from it: sealed, or ours and
  /// immutable.
  static Result<std::shared_ptr<const PageFile>> open(OwnedFd file, std::uint64_t offset,
                                                      std::size_t size);
  static std::shared_ptr<const PageFile> in_memory(std::vector<std::byte> pages);

  std::span<const std::byte> bytes() const {
    return is_file() ? std::span<const std::byte>(view_.data(), size_) : memory_;
  }

  bool is_file() const { return file_.is_open(); }
  /// What `map` needs open: for those who close all else.
  int fd() const { return file_.get(); }

  /// Maps `run` of its pages at `to`, which is page-aligned and the caller's: MAP_PRIVATE or
  /// MAP_SHARED, with this protection. Only of a file.
  Status map(PageRun run, std::byte* to, int protection, int sharing) const;

 private:
  PageFile() = default;
  OwnedFd file_;
  std::uint64_t offset_ = 0;
  std::size_t size_ = 0;
  AddressRange view_;
  std::vector<std::byte> memory_;
};

/// Pages [first, first + count) of an image: those of `file` from its page `at` on.
struct Extent {
  std::size_t first = 0;
  std::size_t count = 0;
  std::shared_ptr<const PageFile> file;
  std::size_t at = 0;

  /// A shorter one is copied. Mapping one costs a system call, an entry in the kernel's tree of
  /// mappings and a fault at the first touch, about as much as copying this many pages.
  static constexpr std::size_t kMappedPages = 16;
  bool is_mapped() const { return count >= kMappedPages && file->is_file(); }
  bool operator==(const Extent&) const = default;
};

/// What an image's memory holds: the pages of one file, others laid over some of them, and zeros
/// where no file says anything. Immutable, shared by every sandbox that starts from it. Const calls
/// may run concurrently.
class ImagePages {
 public:
  /// A base image: one file.
  static std::shared_ptr<const ImagePages> of(std::shared_ptr<const PageFile> base);

  /// `base` with `extents` over it, `size` bytes in all: whole WebAssembly pages, no less than the
  /// base. The extents are in order and disjoint, within `size` and within their files, else
  /// kInvalidArgument.
  static Result<std::shared_ptr<const ImagePages>> layered(std::shared_ptr<const PageFile> base,
                                                           std::vector<Extent> extents,
                                                           std::size_t size);

  /// These pages with `edits` over them, `size` bytes in all, no less than now.
  std::shared_ptr<const ImagePages> with(const Edits& edits, std::size_t size) const;

  /// Bytes in all.
  std::size_t size() const { return size_; }
  std::span<const Extent> layers() const { return layers_; }
  const std::shared_ptr<const PageFile>& base() const { return base_; }

  /// The `kPageSize` bytes of one page, which is within `size`. Nothing is mapped for this but the
  /// files: it is a search among the layers.
  const std::byte* page(std::size_t index) const;

  /// Writes these pages to `to`.
  void copy(PageRun run, std::byte* to) const;

  /// Makes the `size()` bytes at `to`, inaccessible until now, a private writable copy: long runs
  /// of files mapped, all else written.
  Status map_private(std::byte* to) const;

  /// Maps what lies under the layers on `run`, a private writable copy at `to`.
  Status map_base(PageRun run, std::byte* to) const;

 private:
  ImagePages() = default;

  std::shared_ptr<const PageFile> base_;
  std::vector<Extent> layers_;
  std::size_t size_ = 0;
};

/// `above` laid over `below`: both in order and disjoint, and so is the result. Neighbours that
/// continue each other in the same file become one.
std::vector<Extent> overlay(std::span<const Extent> below, std::span<const Extent> above);

}  // namespace skerry::image
