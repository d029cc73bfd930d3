// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/free_memory.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "skerry/image/image_pages.h"

namespace skerry::runtime::python {
namespace {

using Address = std::uint32_t;
constexpr Address kWord = sizeof(Address);

// Of the allocator's state, in words: which lists and trees are not empty, a bit for each; sizes of
// the chunk that small requests are cut from and of the one at the end of the heap, where both are,
// and where the lists of free chunks begin.
constexpr Address kSmallMap = 0;
constexpr Address kTreeMap = 1;
constexpr Address kVictimSize = 2;
constexpr Address kTopSize = 3;
constexpr Address kVictim = 5;
constexpr Address kTop = 6;
constexpr Address kSmallBins = 10;
constexpr Address kTreeBins = 76;
constexpr Address kBins = 32;

// Of a chunk, in bytes: the size of a free chunk before it, its own size with flags, then links to
// its neighbours in its list; in a large chunk a node of a tree of such lists.
constexpr Address kHead = 4;
constexpr Address kForward = 8;
constexpr Address kBack = 12;
constexpr Address kLinksEnd = 16;
constexpr Address kChildren = 16;
constexpr Address kNodeEnd = 32;

constexpr Address kPreviousInUse = 1;
constexpr Address kInUse = 2;
constexpr Address kFlags = 7;
constexpr Address kAlignment = 16;
constexpr Address kSmallestNode = 256;

/// The heap as the guest left it.
class FreeChunks {
 public:
  FreeChunks(std::span<std::byte> memory, Address allocator)
      : memory_(memory), allocator_(allocator), left_(memory.size()) {}

  bool zero() {
    return allocator_ % kWord == 0 && zero_small_bins() && zero_tree_bins() && zero_victim() &&
           zero_top();
  }

 private:
  std::optional<Address> word(std::uint64_t at) const {
    if (at > memory_.size() || memory_.size() - at < kWord) return std::nullopt;
    Address value = 0;
    std::memcpy(&value, memory_.data() + at, kWord);
    return value;
  }
  bool has(std::uint64_t at, Address value) const { return word(at) == value; }
  std::optional<Address> state(Address index) const {
    return word(std::uint64_t{allocator_} + std::uint64_t{index} * kWord);
  }

  /// Zeros from `begin` to `end`; chunks are disjoint, so all together are no more than memory.
  bool zero(std::uint64_t begin, std::uint64_t end) {
    if (begin > end || end > memory_.size() || end - begin > left_) return false;
    left_ -= end - begin;
    make_zero(memory_.subspan(begin, end - begin));
    return true;
  }

  /// A chunk that is free, with the size that it and the one behind it say.
  bool zero_chunk(Address chunk, Address links_end) {
    const auto head = word(std::uint64_t{chunk} + kHead);
    if (!head || chunk % kAlignment != kAlignment / 2) return false;
    const Address size = *head & ~kFlags;
    const std::uint64_t end = std::uint64_t{chunk} + size;
    const auto behind = word(end + kHead);
    if ((*head & (kPreviousInUse | kInUse)) != kPreviousInUse || size < links_end ||
        size % kAlignment != 0 || !has(end, size) || !behind || (*behind & kPreviousInUse) != 0) {
      return false;
    }
    return zero(chunk + std::uint64_t{links_end}, end);
  }

  /// All of a list but `end`, which begins it.
  bool zero_list(Address end, Address links_end) {
    for (Address chunk = end;;) {
      const auto next = word(std::uint64_t{chunk} + kForward);
      if (!next || !has(std::uint64_t{*next} + kBack, chunk)) return false;
      if (*next == end) return true;
      chunk = *next;
      if (!take_one(links_end) || !zero_chunk(chunk, links_end)) return false;
    }
  }

  bool zero_small_bins() {
    const auto map = state(kSmallMap);
    if (!map) return false;
    // Chunks of 16 bytes are all links. An empty list keeps links that mean nothing.
    for (Address bin = 4; bin < kBins; bin += 2) {
      if ((*map >> bin & 1) == 0) continue;
      if (!zero_list(allocator_ + (kSmallBins + 2 * bin) * kWord, kLinksEnd)) return false;
    }
    return true;
  }

  bool zero_tree_bins() {
    const auto map = state(kTreeMap);
    if (!map) return false;
    std::vector<Address> roots;
    for (Address bin = 0; bin < kBins; ++bin) {
      if ((*map >> bin & 1) == 0) continue;
      const auto root = state(kTreeBins + bin);
      if (!root) return false;
      roots.push_back(*root);
    }
    while (!roots.empty()) {
      const Address node = roots.back();
      roots.pop_back();
      if (node == 0) continue;
      if (!take_one(kSmallestNode) || !zero_chunk(node, kNodeEnd) || !zero_list(node, kNodeEnd)) {
        return false;
      }
      for (const Address child : {kChildren, kChildren + kWord}) {
        const auto below = word(std::uint64_t{node} + child);
        if (!below) return false;
        roots.push_back(*below);
      }
    }
    return true;
  }

  bool zero_victim() {
    const auto size = state(kVictimSize);
    const auto victim = state(kVictim);
    if (!size || !victim) return false;
    return *size == 0 ||
           (has(std::uint64_t{*victim} + *size, *size) && zero_chunk(*victim, kForward));
  }

  bool zero_top() {
    const auto size = state(kTopSize);
    const auto top = state(kTop);
    if (!size || !top) return false;
    return *size == 0 || (has(std::uint64_t{*top} + kHead, *size | kPreviousInUse) &&
                          zero(std::uint64_t{*top} + kForward, std::uint64_t{*top} + *size));
  }

  /// Whether one more chunk of at least so many bytes may be there.
  bool take_one(Address size) {
    seen_ += size;
    return seen_ <= 2 * memory_.size();
  }

  std::span<std::byte> memory_;
  Address allocator_;
  std::uint64_t left_;
  std::uint64_t seen_ = 0;
};

}  // namespace

void make_zero(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    // The pieces of pages: memory itself begins on one.
    const auto in_page = reinterpret_cast<std::uintptr_t>(bytes.data()) % kPageSize;
    const auto piece = bytes.first(std::min(bytes.size(), kPageSize - in_page));
    if (!image::is_zero(piece)) std::memset(piece.data(), 0, piece.size());
    bytes = bytes.subspan(piece.size());
  }
}

bool zero_free_chunks(std::span<std::byte> memory, std::uint32_t allocator) {
  return FreeChunks(memory, allocator).zero();
}

}  // namespace skerry::runtime::python
