// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/dirty_pages.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"

namespace skerry::image {
namespace {

// PAGEMAP_SCAN came with Linux 6.7; Debian 12's headers are older, so its ABI
// (include/uapi/linux/fs.h) is declared here.
struct PageRegion {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
struct ScanArgument {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t regions;
  std::uint64_t regions_length;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);
constexpr std::uint64_t kIsFile = 1U << 2;
constexpr std::uint64_t kIsPresent = 1U << 3;
constexpr std::uint64_t kIsSwapped = 1U << 4;

// /proc/self/pagemap, Documentation/admin-guide/mm/pagemap.rst.
constexpr std::uint64_t kEntryFile = std::uint64_t{1} << 61;
constexpr std::uint64_t kEntrySwapped = std::uint64_t{1} << 62;
constexpr std::uint64_t kEntryPresent = std::uint64_t{1} << 63;

}  // namespace

bool contains(std::span<const PageRun> runs, std::size_t page) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), page,
                       [](std::size_t p, const PageRun& run) { return p < run.first; });
  return after != runs.begin() && page - std::prev(after)->first < std::prev(after)->count;
}

std::size_t count_of(std::span<const PageRun> runs) {
  std::size_t count = 0;
  for (const PageRun& run : runs) count += run.count;
  return count;
}

void append(std::vector<PageRun>& runs, PageRun run) {
  if (!runs.empty() && runs.back().first + runs.back().count == run.first) {
    runs.back().count += run.count;
  } else {
    runs.push_back(run);
  }
}

struct DirtyPages::State {
  Method method;
  std::span<const std::byte> range;
  Pristine pristine;
  int pagemap = -1;  // page_map's
  std::vector<PageRun> runs;
  std::array<PageRegion, 256> regions;
  std::vector<std::uint64_t> entries;

  Status scan_ioctl();
  Status read_entries();
  void compare();
};

Status DirtyPages::State::scan_ioctl() {
  const auto base = reinterpret_cast<std::uint64_t>(range.data());
  const std::uint64_t end = base + range.size();
  ScanArgument argument{};
  argument.size = sizeof argument;
  argument.regions = reinterpret_cast<std::uint64_t>(regions.data());
  argument.regions_length = regions.size();
  argument.category_inverted = kIsFile;
  argument.category_mask = kIsFile;
  // Present *or* swapped: a swapped page was written too. Present alone would leave one run's bytes
  // to the next.
  argument.category_anyof_mask = kIsPresent | kIsSwapped;
  argument.return_mask = kIsPresent | kIsSwapped;
  for (std::uint64_t at = base; at < end; at = argument.walk_end) {
    argument.start = at;
    argument.end = end;
    SKERRY_ASSIGN(const int found, syscall_result("ioctl", "PAGEMAP_SCAN", [&] {
                    return ::ioctl(pagemap, kPagemapScan, &argument);
                  }));
    for (int i = 0; i < found; ++i) {
      append(runs, {(regions[i].start - base) / kPageSize,
                    (regions[i].end - regions[i].start) / kPageSize});
    }
    // The kernel stops early when the region array is full; an answer that does not move on would
    // loop for ever.
    if (argument.walk_end <= at) return absl::InternalError("PAGEMAP_SCAN made no progress");
  }
  return ok_status();
}

Status DirtyPages::State::read_entries() {
  const std::size_t pages = range.size() / kPageSize;
  const auto first = static_cast<off_t>(reinterpret_cast<std::uint64_t>(range.data()) / kPageSize);
  entries.resize(pages);
  std::size_t done = 0;
  while (done < pages * 8) {
    SKERRY_ASSIGN(const ssize_t got, syscall_result("pread", "pagemap", [&] {
                    return ::pread(pagemap, reinterpret_cast<char*>(entries.data()) + done,
                                   pages * 8 - done, first * 8 + static_cast<off_t>(done));
                  }));
    if (got == 0) return absl::InternalError("pagemap ended early");
    done += static_cast<std::size_t>(got);
  }
  for (std::size_t page = 0; page < pages; ++page) {
    const bool there = (entries[page] & (kEntryPresent | kEntrySwapped)) != 0;
    if (there && (entries[page] & kEntryFile) == 0) append(runs, {page, 1});
  }
  return ok_status();
}

void DirtyPages::State::compare() {
  for (std::size_t at = 0; at < range.size(); at += kPageSize) {
    if (std::memcmp(range.data() + at, pristine(at / kPageSize), kPageSize) != 0) {
      append(runs, {at / kPageSize, 1});
    }
  }
}

DirtyPages::DirtyPages(std::unique_ptr<State> state) : state_(std::move(state)) {}
DirtyPages::DirtyPages(DirtyPages&&) noexcept = default;
DirtyPages& DirtyPages::operator=(DirtyPages&&) noexcept = default;
DirtyPages::~DirtyPages() = default;

DirtyPages::Method DirtyPages::method() const { return state_->method; }

Result<DirtyPages> DirtyPages::open_with(Method method, std::span<const std::byte> range,
                                         Pristine pristine) {
  if (range.empty() || reinterpret_cast<std::uintptr_t>(range.data()) % kPageSize != 0 ||
      range.size() % kPageSize != 0) {
    return absl::InvalidArgumentError("the watched range must be whole pages");
  }
  auto state = std::make_unique<State>();
  state->method = method;
  state->range = range;
  state->pristine = std::move(pristine);
  if (method != Method::kCompare) {
    SKERRY_ASSIGN(state->pagemap, page_map());
  }
  DirtyPages pages(std::move(state));
  SKERRY_TRY(pages.scan().status());
  return pages;
}

Result<DirtyPages> DirtyPages::open(std::span<const std::byte> range, const Pristine& pristine) {
  const char* asked = std::getenv("SKERRY_DIRTY_PAGES");
  const std::string_view wanted = asked == nullptr ? "" : asked;
  if (wanted == "scan") return open_with(Method::kPagemapScan, range, pristine);
  if (wanted == "read") return open_with(Method::kPagemapRead, range, pristine);
  if (wanted == "compare") return open_with(Method::kCompare, range, pristine);
  for (const Method method : {Method::kPagemapScan, Method::kPagemapRead}) {
    if (auto pages = open_with(method, range, pristine); pages.ok()) return pages;
  }
  return open_with(Method::kCompare, range, pristine);
}

Result<std::span<const PageRun>> DirtyPages::scan() {
  state_->runs.clear();
  switch (state_->method) {
    case Method::kPagemapScan:
      SKERRY_TRY(state_->scan_ioctl());
      break;
    case Method::kPagemapRead:
      SKERRY_TRY(state_->read_entries());
      break;
    case Method::kCompare:
      state_->compare();
      break;
  }
  return std::span<const PageRun>(state_->runs);
}

Result<int> page_map() {
  struct PageMap {
    pid_t process = 0;
    OwnedFd fd;
  };
  thread_local PageMap map;
  if (map.process != ::getpid()) {
    SKERRY_ASSIGN(map.fd, open_file("/proc/self/pagemap", O_RDONLY));
    map.process = ::getpid();
  }
  return map.fd.get();
}

const char* name_of(DirtyPages::Method method) {
  switch (method) {
    case DirtyPages::Method::kPagemapScan:
      return "pagemap scan";
    case DirtyPages::Method::kPagemapRead:
      return "pagemap read";
    case DirtyPages::Method::kCompare:
      return "compare";
  }
  return "unknown";
}

}  // namespace skerry::image
