// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/status.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/image/image_pages.h"

namespace skerry::image {

/// The addresses of one guest's linear memory: a guard, 4 GiB, a guard, of which the first `size()`
/// bytes are accessible. Backed by an image's pages, mapped private, and by zeros beyond them.
/// Outlives the instances that use it one after the other: pages that a run made private stay warm
/// for the next.
///
/// Owns its addresses. Confined to one thread and to the process that made it.
class LinearMemory {
 public:
  /// What the compiled code may reach without a check: a 32-bit address plus offsets and the guard
  /// after it.
  static constexpr std::size_t kReservation = std::size_t{4} << 30;
  static constexpr std::size_t kGuard = std::size_t{32} << 20;

  /// Empty memory that may grow to `limit`, for a module that is not on an image.
  static Result<std::unique_ptr<LinearMemory>> zeroed(ByteSize limit);

  /// Memory that begins as `pages` and may grow to `limit`.
  static Result<std::unique_ptr<LinearMemory>> on_image(std::shared_ptr<const ImagePages> pages,
                                                        ByteSize limit);

  std::byte* base() const { return base_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {base_, size_}; }

  /// A further memory of the guest whose first one is `first`, which must outlive it: empty, and
  /// within the same limit, which bounds the sizes of all of them together. Beside a memory on an
  /// image, 1 MiB more.
  static Result<std::unique_ptr<LinearMemory>> beside(LinearMemory& first);
  ~LinearMemory();

  /// Of a guest's first memory, for all of its memories together, since the last reset: their
  /// largest size, whether a growth beyond the limit was refused, and whether none has succeeded
  /// since.
  std::size_t peak() const { return peak_; }
  bool growth_was_refused() const { return refused_; }
  bool last_growth_was_refused() const { return last_refused_; }

  /// Makes `size` bytes accessible; the new ones are zero. kResourceExhausted beyond the limit.
  Status grow_to(std::size_t size);

  /// While it is fixed, any growth fails; that is no refusal for want of memory.
  void fix_size(bool is_fixed) { is_fixed_ = is_fixed; }

  /// From `pause_fault_accounting` to `resume_fault_accounting` nobody writes in this memory but
  /// this object: page faults that the process takes then tell nothing about it. Without them, any
  /// may be the guest's.
  void pause_fault_accounting();
  void resume_fault_accounting();

  /// What one reset did.
  struct ResetCost {
    std::size_t dirty = 0;       ///< pages found private
    std::size_t copied = 0;      ///< of these, copied back from the image
    std::size_t given_back = 0;  ///< of these, returned to the kernel
  };

  /// Makes memory what the image says again, size included. Pages that recent runs keep writing are
  /// copied back (0.1 µs each) rather than unmapped (a fault of 3-10 µs at the next write); pages
  /// that only one heavy run wrote are given back, so that later resets do not pay for them.
  Result<ResetCost> reset();

  /// Pages of the image that are private to this memory: all that were written are among them. The
  /// view lasts until the next call.
  Result<std::span<const PageRun>> dirty();

  /// Pages whose content is not what `reset` would make of them, and those beyond the image that
  /// are not zero: what the next revision has to keep.
  Result<std::vector<PageRun>> changed();

  /// What has changed on these pages: byte by byte where that is little, and the pages that are to
  /// be kept whole. `changed` is what that call has just told.
  struct Difference {
    std::vector<PageRun> whole;
    Edits edits;
  };
  Difference difference(std::span<const PageRun> changed) const;

  /// How much `set_baseline` may have kept apart: where more has changed, starting anew from a
  /// revision that maps it costs less memory, and soon less time.
  static constexpr std::size_t kMaxSettledPages = 1024;

  /// Whether `set_baseline` would take this: memory has not grown, and it is not too much.
  bool may_settle(std::span<const PageRun> changed) const;

  /// From here on memory as it is now is what `changed` compares with and `reset` goes back to.
  /// `changed` is what that call has just told. kFailedPrecondition unless `may_settle`.
  Status set_baseline(std::span<const PageRun> changed);

  /// Whether `switch_image` would take this image: it is on the same base, and not too large.
  bool may_rebase(const ImagePages& pages, ByteSize limit) const;

  /// Makes this the memory of another image on the same base, as if it had just been made on it, to
  /// grow to `limit`: the pages that are private stay so, and warm. An instance that was on it must
  /// go first if memory has grown, and take the new size if it stays. After a failure memory is of
  /// no more use, but for kFailedPrecondition: unless `may_rebase`, nothing is done.
  Status switch_image(std::shared_ptr<const ImagePages> pages, ByteSize limit);

  /// Gives back all memory that the next run can do without: private pages that are as the image
  /// says. It will fault them in again. Only after `set_baseline`, when nothing has changed since.
  Status trim();

  /// Whether memory has grown beyond its image; an instance on it caches the size, so a reset needs
  /// a new instance.
  bool has_grown() const { return size_ != image_size(); }

  DirtyPages::Method method() const;

 private:
  LinearMemory() = default;
  using Page = std::array<std::byte, kPageSize>;
  std::size_t image_size() const { return image_ ? image_->size() : 0; }
  const std::byte* pristine(std::size_t page) const;
  void restore(PageRun run);
  Status give_back_unchanged();
  std::uint64_t faults() const;
  Status shrink_to_image();
  void count_anew();
  Result<ResetCost> inspect();
  Status resize_to(std::size_t size);
  ResetCost copy_back();

  AddressRange range_;
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::size_t peak_ = 0;
  bool refused_ = false;
  bool is_fixed_ = false;
  bool last_refused_ = false;
  std::size_t beside_ = 0;         // bytes of the guest's other memories
  LinearMemory* first_ = nullptr;  // whose limit counts, where this is one of these
  ByteSize limit_;
  std::shared_ptr<const ImagePages> image_;
  std::optional<DirtyPages> tracker_;
  // For pages of the image that runs are known to write: one more than how many inspections in a
  // row found them private but unchanged. A hundred of tens of thousands: for every page it would
  // be a sixth of what an idle session costs.
  absl::flat_hash_map<std::size_t, std::uint8_t> idle_;
  // Pages that were copied in: given back, they would be what the base says instead.
  std::vector<PageRun> copied_in_;
  // What has taken the place of the image's pages. The same holds for them.
  absl::flat_hash_map<std::size_t, std::unique_ptr<Page>> settled_;
  // The private pages when the guest had taken `faults_` page faults. A page becomes private by a
  // fault and no other way, so as long as the count stands, so does the set: a scan (4 ns for each
  // page in the page table, 80 µs for a template of 84 MiB, several times that with cold caches) is
  // saved.
  std::vector<PageRun> private_;
  std::uint64_t faults_ = 0;
  std::uint64_t faults_elsewhere_ =
      0;  // of this process, from `pause_fault_accounting` to `resume_fault_accounting`
  std::optional<std::uint64_t> faults_at_leaving_;
  std::uint64_t faults_at_reset_ = 0;
  unsigned resets_ = 0;
};

}  // namespace skerry::image
