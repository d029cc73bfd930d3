// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/linear_memory.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <utility>

namespace skerry::image {
namespace {

// How many resets copy every private page back unseen before one looks which of them runs still
// write.
constexpr unsigned kResetsPerInspection = 16;

// A page that this many inspections in a row found unchanged costs more to copy than the fault that
// brings it back; where there are many pages (a middling run left them), patience is shorter.
constexpr std::uint8_t kPatience = 4;
constexpr std::uint8_t kPatienceWhenMany = 2;
constexpr std::size_t kManyPages = 512;

// More private pages than this are one heavy run's doing: looking at each would slow every later
// reset. 1,024 pages are 4 MiB, several times what a small pandas program writes, and copy back in
// 0.1 ms.
constexpr std::size_t kHeavyPages = 1024;

// Bytes. An exception takes less than a hundred.
constexpr std::uint64_t kCollectorRoom = std::uint64_t{1} << 20;

// No number of page faults that a process has taken.
constexpr std::uint64_t kUnknownFaults = UINT64_MAX;

Status protect(std::byte* at, std::size_t length, int protection) {
  return syscall_result("mprotect", {}, [&] { return ::mprotect(at, length, protection); })
      .status();
}

Status give_back(std::byte* at, std::size_t length) {
  return syscall_result("madvise", "MADV_DONTNEED",
                        [&] { return ::madvise(at, length, MADV_DONTNEED); })
      .status();
}

/// The layers that are copied rather than mapped.
std::vector<PageRun> copied_runs(const ImagePages& pages) {
  std::vector<PageRun> runs;
  for (const Extent& extent : pages.layers()) {
    if (!extent.is_mapped()) runs.push_back({extent.first, extent.count});
  }
  return runs;
}

/// The layers of `pages` that are mapped, and that `others` does not map in the same way.
std::vector<Extent> mapped_beside(const ImagePages& pages, const ImagePages& others) {
  std::vector<Extent> result;
  auto other = others.layers().begin();
  for (const Extent& extent : pages.layers()) {
    while (other != others.layers().end() && other->first < extent.first) ++other;
    const bool is_same = other != others.layers().end() && *other == extent;
    if (extent.is_mapped() && !is_same) result.push_back(extent);
  }
  return result;
}

/// Page faults that this process has taken so far, with and without I/O.
std::uint64_t page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_minflt) + static_cast<std::uint64_t>(usage.ru_majflt);
}

}  // namespace

Result<std::unique_ptr<LinearMemory>> LinearMemory::zeroed(ByteSize limit) {
  auto memory = std::unique_ptr<LinearMemory>(new LinearMemory);
  SKERRY_ASSIGN(memory->range_, AddressRange::reserve(kGuard + kReservation + kGuard));
  memory->base_ = memory->range_.data() + kGuard;
  memory->limit_ = limit;
  return memory;
}

Result<std::unique_ptr<LinearMemory>> LinearMemory::beside(LinearMemory& first) {
  // A runtime whose memory is full must still be able to throw, for which it needs the collector.
  const std::uint64_t room = first.image_ ? kCollectorRoom : 0;
  SKERRY_ASSIGN(auto memory, zeroed(skerry::bytes(first.limit_.value + room)));
  memory->first_ = &first;
  return memory;
}

LinearMemory::~LinearMemory() {
  if (first_ != nullptr) first_->beside_ -= size_;
}

Result<std::unique_ptr<LinearMemory>> LinearMemory::on_image(
    std::shared_ptr<const ImagePages> pages, ByteSize limit) {
  SKERRY_ASSIGN(auto memory, zeroed(limit));
  const std::size_t size = pages->size();
  if (size > kReservation || size % kWasmPageSize != 0) {
    return absl::InvalidArgumentError(
        "an image's memory must be whole WebAssembly pages, at most 4 GiB");
  }
  SKERRY_TRY(pages->map_private(memory->base_));
  memory->copied_in_ = copied_runs(*pages);
  memory->size_ = memory->peak_ = size;
  memory->image_ = std::move(pages);
  return memory;
}

Status LinearMemory::grow_to(std::size_t size) {
  if (is_fixed_ && size > size_) return absl::FailedPreconditionError("memory must not grow now");
  const std::size_t more = size - std::min(size, size_);
  LinearMemory& first = first_ != nullptr ? *first_ : *this;
  const std::size_t held = first.size_ + first.beside_;
  first.last_refused_ = size > kReservation || more > limit_.value - std::min(limit_.value, held);
  if (first.last_refused_) {
    first.refused_ = true;
    return absl::ResourceExhaustedError("memory limit of " + std::to_string(limit_.value) +
                                        " bytes");
  }
  if (more > 0) SKERRY_TRY(resize_to(size));
  if (first_ != nullptr) first.beside_ += more;
  first.peak_ = std::max(first.peak_, held + more);
  return ok_status();
}

Status LinearMemory::resize_to(std::size_t size) {
  if (size > size_) SKERRY_TRY(protect(base_ + size_, size - size_, PROT_READ | PROT_WRITE));
  if (size < size_) {
    // Mapped anew rather than given back: one call, no access, and the kernel forgets the pages.
    SKERRY_TRY(syscall_result("mmap", "shrink", [&] {
                 return ::mmap(base_ + size, size_ - size, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
               }).status());
  }
  size_ = size;
  return ok_status();
}

Status LinearMemory::shrink_to_image() {
  SKERRY_TRY(resize_to(image_size()));
  count_anew();
  return ok_status();
}

void LinearMemory::count_anew() {
  peak_ = size_ + beside_;
  refused_ = last_refused_ = false;
}

void LinearMemory::pause_fault_accounting() {
  if (!faults_at_leaving_) faults_at_leaving_ = page_faults();
}

void LinearMemory::resume_fault_accounting() {
  if (!faults_at_leaving_) return;
  faults_elsewhere_ += page_faults() - *faults_at_leaving_;
  faults_at_leaving_.reset();
}

std::uint64_t LinearMemory::faults() const {
  return (faults_at_leaving_ ? *faults_at_leaving_ : page_faults()) - faults_elsewhere_;
}

Result<std::span<const PageRun>> LinearMemory::dirty() {
  if (!image_) return absl::FailedPreconditionError("memory without an image has no dirty pages");
  if (!tracker_) {
    SKERRY_ASSIGN(tracker_, DirtyPages::open({base_, image_size()},
                                             [this](std::size_t page) { return pristine(page); }));
    faults_ = kUnknownFaults;
  }
  // Comparing finds what differs, not what is private: there faults tell nothing.
  const bool counts = tracker_->method() != DirtyPages::Method::kCompare;
  const std::uint64_t now = faults();
  if (!counts || now != faults_) {
    SKERRY_ASSIGN(const auto runs, tracker_->scan());
    private_.assign(runs.begin(), runs.end());
    faults_ = now;
  }
  return std::span<const PageRun>(private_);
}

Result<std::vector<PageRun>> LinearMemory::changed() {
  SKERRY_ASSIGN(const auto runs, dirty());
  std::vector<PageRun> result;
  for (const PageRun& run : runs) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (std::memcmp(base_ + page * kPageSize, pristine(page), kPageSize) != 0) {
        append(result, {page, 1});
      }
    }
  }
  for (std::size_t page = image_size() / kPageSize; page < size_ / kPageSize; ++page) {
    if (!is_zero({base_ + page * kPageSize, kPageSize})) append(result, {page, 1});
  }
  return result;
}

LinearMemory::Difference LinearMemory::difference(std::span<const PageRun> changed) const {
  // Of much, what lies together is mapped from a file, at no cost to whoever opens it.
  const bool is_much = count_of(changed) > EditsBudget::kMaxPages;
  const auto for_each = [&](const auto& visit) {
    for (const PageRun& run : changed) {
      const bool is_mapped = is_much && run.count >= Extent::kMappedPages;
      for (std::size_t page = run.first; page < run.first + run.count; ++page) {
        visit(page, pristine(page), base_ + page * kPageSize, is_mapped);
      }
    }
  };
  EditsBudget budget;
  std::vector<std::uint16_t> sizes;
  sizes.reserve(count_of(changed));
  for_each([&](std::size_t, const std::byte* before, const std::byte* after, bool is_mapped) {
    const std::size_t size =
        is_mapped ? EditsBudget::kMaxOfPage + 1 : size_of_difference(before, after);
    budget.count(size);
    sizes.push_back(static_cast<std::uint16_t>(size));
  });
  Difference difference;
  EditsBuilder builder;
  auto size = sizes.begin();
  for_each([&](std::size_t page, const std::byte* before, const std::byte* after, bool) {
    if (budget.take(*size++)) {
      builder.add_difference(page * kPageSize, before, after);
    } else {
      append(difference.whole, {page, 1});
    }
  });
  difference.edits = std::move(builder).finish();
  // What a patch may hold needs no file for a page or two.
  if (difference.whole.empty() || count_of(difference.whole) * kPageSize > Edits::kMaxInPatch) {
    return difference;
  }
  EditsBuilder all;
  for_each([&](std::size_t page, const std::byte* before, const std::byte* after, bool) {
    all.add_difference(page * kPageSize, before, after);
  });
  Edits edits = std::move(all).finish();
  if (edits.encoded().size() > Edits::kMaxInPatch) return difference;
  return {.whole = {}, .edits = std::move(edits)};
}

bool LinearMemory::may_settle(std::span<const PageRun> changed) const {
  std::size_t count = settled_.size();
  for (const PageRun& run : changed) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (!settled_.contains(page)) ++count;
    }
    if (count > kMaxSettledPages) return false;
  }
  return image_ && !has_grown();
}

Status LinearMemory::set_baseline(std::span<const PageRun> changed) {
  if (!may_settle(changed)) {
    return absl::FailedPreconditionError("memory that has changed so much does not settle");
  }
  for (const PageRun& run : changed) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      auto& kept = settled_[page];
      if (!kept) kept = std::make_unique<Page>();
      std::memcpy(kept->data(), base_ + page * kPageSize, kPageSize);
    }
  }
  count_anew();
  // The rest stays until the session does: what was given back is written again sooner or later, by
  // the collector of garbage, and then costs a fault and a scan.
  return count_of(private_) > kHeavyPages ? give_back_unchanged() : ok_status();
}

bool LinearMemory::may_rebase(const ImagePages& pages, ByteSize limit) const {
  return image_ && image_->base() == pages.base() && pages.size() <= limit.value;
}

Status LinearMemory::switch_image(std::shared_ptr<const ImagePages> pages, ByteSize limit) {
  if (!may_rebase(*pages, limit)) {
    return absl::FailedPreconditionError("memory cannot be rebased on this image");
  }
  SKERRY_TRY(shrink_to_image());
  SKERRY_TRY(dirty().status());
  // All pages that may differ from what is beneath them now, or will be.
  std::vector<PageRun> written = private_;
  written.insert(written.end(), copied_in_.begin(), copied_in_.end());
  for (const auto& [page, content] : settled_) written.push_back({page, 1});
  for (const Extent& extent : mapped_beside(*image_, *pages)) {
    SKERRY_TRY(image_->map_base({extent.first, extent.count}, base_ + extent.first * kPageSize));
  }
  SKERRY_TRY(resize_to(pages->size()));
  const std::vector<Extent> mapped = mapped_beside(*pages, *image_);
  for (const Extent& extent : mapped) {
    SKERRY_TRY(extent.file->map({extent.at, extent.count}, base_ + extent.first * kPageSize,
                                PROT_READ | PROT_WRITE, MAP_PRIVATE));
  }
  copied_in_ = copied_runs(*pages);
  written.insert(written.end(), copied_in_.begin(), copied_in_.end());
  for (const PageRun& run : written) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (page >= size_ / kPageSize) break;
      const std::byte* content = pages->page(page);
      std::byte* live = base_ + page * kPageSize;
      // Reading maps a page that is shared, writing makes it private: most are as they should be.
      if (std::memcmp(live, content, kPageSize) != 0) std::memcpy(live, content, kPageSize);
    }
  }
  if (pages->size() != image_size()) {
    tracker_.reset();
    idle_.clear();
  }
  image_ = std::move(pages);
  limit_ = limit;
  settled_.clear();
  faults_ = faults_at_reset_ = kUnknownFaults;
  count_anew();
  return ok_status();
}

Status LinearMemory::trim() {
  SKERRY_TRY(dirty().status());
  return give_back_unchanged();
}

Status LinearMemory::give_back_unchanged() {
  // Comparing tells what has changed, not what is private: there is nothing to give back.
  if (method() == DirtyPages::Method::kCompare) return ok_status();
  std::vector<PageRun> kept;
  for (const PageRun& run : private_) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (settled_.contains(page) || contains(copied_in_, page)) {
        append(kept, {page, 1});
        continue;
      }
      SKERRY_TRY(give_back(base_ + page * kPageSize, kPageSize));
    }
  }
  private_ = std::move(kept);
  return ok_status();
}

const std::byte* LinearMemory::pristine(std::size_t page) const {
  if (!settled_.empty()) {
    if (const auto kept = settled_.find(page); kept != settled_.end()) return kept->second->data();
  }
  return image_->page(page);
}

void LinearMemory::restore(PageRun run) {
  if (settled_.empty()) {
    image_->copy(run, base_ + run.first * kPageSize);
    return;
  }
  for (std::size_t page = run.first; page < run.first + run.count; ++page) {
    std::memcpy(base_ + page * kPageSize, pristine(page), kPageSize);
  }
}

DirtyPages::Method LinearMemory::method() const {
  return tracker_ ? tracker_->method() : DirtyPages::Method::kCompare;
}

Result<LinearMemory::ResetCost> LinearMemory::reset() {
  SKERRY_TRY(shrink_to_image());
  if (!image_) return ResetCost{};
  SKERRY_TRY(dirty().status());
  // New private pages since the last reset, or it is time: see which ones runs still write.
  // Otherwise all are taken to be written again.
  const bool unchanged =
      faults_ == faults_at_reset_ && tracker_->method() != DirtyPages::Method::kCompare;
  faults_at_reset_ = faults_;
  if (unchanged && ++resets_ % kResetsPerInspection != 0) return copy_back();
  return inspect();
}

LinearMemory::ResetCost LinearMemory::copy_back() {
  ResetCost cost;
  for (const PageRun& run : private_) restore(run);
  cost.copied = cost.dirty = count_of(private_);
  return cost;
}

Result<LinearMemory::ResetCost> LinearMemory::inspect() {
  ResetCost cost;
  cost.dirty = count_of(private_);
  const bool heavy = cost.dirty > kHeavyPages;
  const std::uint8_t patience = cost.dirty > kManyPages ? kPatienceWhenMany : kPatience;
  std::vector<PageRun> kept;
  for (const PageRun& run : private_) {
    std::size_t cold_from = run.first;  // pages [cold_from, page) are to be given back
    const auto keep = [&](std::size_t page) -> Status {
      if (page != cold_from) {
        cost.given_back += page - cold_from;
        SKERRY_TRY(give_back(base_ + cold_from * kPageSize, (page - cold_from) * kPageSize));
      }
      cold_from = page + 1;
      if (page == run.first + run.count) return ok_status();
      append(kept, {page, 1});
      return ok_status();
    };
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      std::byte* live = base_ + page * kPageSize;
      const std::byte* original = pristine(page);
      const bool changed = std::memcmp(live, original, kPageSize) != 0;
      // After a heavy run only the pages that a run before it had already made private are kept.
      const auto known = idle_.find(page);
      const unsigned idle = known == idle_.end() ? 0 : known->second;
      const bool hot = changed ? !heavy || idle != 0 : !heavy && idle + 1 < patience;
      const bool kept_anyway = !hot && (contains(copied_in_, page) || settled_.contains(page));
      if (hot) {
        idle_.insert_or_assign(page, static_cast<std::uint8_t>(changed ? 1 : idle + 1));
      } else if (known != idle_.end()) {
        idle_.erase(known);
      }
      if (!hot && !kept_anyway) continue;
      if (changed) {
        std::memcpy(live, original, kPageSize);
        ++cost.copied;
      }
      SKERRY_TRY(keep(page));
    }
    SKERRY_TRY(keep(run.first + run.count));
  }
  private_ = std::move(kept);
  return cost;
}

}  // namespace skerry::image
