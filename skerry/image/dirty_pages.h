// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::image {

/// Adds `run`, which begins at or after the end of all in `runs`; neighbours become one.
void append(std::vector<PageRun>& runs, PageRun run);

/// Whether a page is in one of these runs, which are in order and disjoint.
bool contains(std::span<const PageRun> runs, std::size_t page);

/// How many pages there are in all of them.
std::size_t count_of(std::span<const PageRun> runs);

/// Finds the pages of a private mapping that differ from the file beneath it.
///
/// A page counts from its first write until it is given back to the kernel, so the answer may hold
/// pages whose bytes are equal again; it never misses one. Swapped-out pages count.
///
/// Borrows the mapping, which must outlive it. Confined to the process and thread that made it:
/// after a fork, make another (the kernel's page map is per process).
class DirtyPages {
 public:
  /// How the kernel is asked. Ordered from fastest; `open` takes the first that works here.
  enum class Method {
    kPagemapScan,  ///< ioctl(PAGEMAP_SCAN), Linux 6.7
    kPagemapRead,  ///< reading /proc/self/pagemap, any kernel with it
    kCompare,      ///< comparing bytes with `pristine`: needs nothing, touches every page
  };

  /// The bytes that one page, counted from the range's first, would have if nobody had written it.
  using Pristine = std::function<const std::byte*(std::size_t page)>;

  /// Watches `range`, whole pages, at least one. kUnimplemented when none of the methods works;
  /// kInvalidArgument when `range` is not page-aligned. The environment variable SKERRY_DIRTY_PAGES
  /// (scan, read, compare) names the one to use: for tests.
  static Result<DirtyPages> open(std::span<const std::byte> range, const Pristine& pristine);

  /// As `open`, with one method and no fallback: for tests and for `skerry doctor`.
  static Result<DirtyPages> open_with(Method method, std::span<const std::byte> range,
                                      Pristine pristine);

  DirtyPages(DirtyPages&&) noexcept;
  DirtyPages& operator=(DirtyPages&&) noexcept;
  ~DirtyPages();

  /// Runs of dirty pages in address order, never touching or overlapping. The view lasts until the
  /// next call. About 20 µs for a 64 MiB range with 100 dirty pages (Linux 6.18).
  Result<std::span<const PageRun>> scan();

  Method method() const;

 private:
  struct State;
  explicit DirtyPages(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The descriptor of this process's page map, which every DirtyPages here shares; opened when first
/// asked for, again after a fork, and never closed. A process asks before it gives its paths away.
Result<int> page_map();

/// "pagemap scan", "pagemap read", "compare".
const char* name_of(DirtyPages::Method method);

}  // namespace skerry::image
