// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/free_memory.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"

namespace skerry::runtime::python {
namespace {

constexpr std::uint32_t kState = 64;
constexpr std::uint32_t kHeap = 4096 + 8;

/// A heap as dlmalloc makes it, whose free chunks are full of what was there before.
class Heap {
 public:
  Heap() : memory(16 * kPageSize) {
    for (std::uint32_t bin = 0; bin < 32; ++bin) {
      const std::uint32_t at = small_bin(8 * bin);
      put(at + 8, kHeap);  // of a chunk that is long gone: the list is empty
      put(at + 12, kHeap);
    }
  }
  static std::uint32_t small_bin(std::uint32_t size) { return kState + 40 + size; }

  /// Begins the list of small chunks of this size.
  std::uint32_t mark_small(std::uint32_t size) {
    const std::uint32_t bin = small_bin(size);
    put(kState, get(kState) | 1U << (size / 8));
    put(bin + 8, bin);
    put(bin + 12, bin);
    return bin;
  }
  void mark_tree(std::uint32_t index, std::uint32_t root) {
    put(kState + 4, get(kState + 4) | 1U << index);
    put(kState + (76 + index) * 4, root);
  }

  void put(std::uint32_t at, std::uint32_t word) {
    std::memcpy(memory.data() + at, &word, sizeof word);
  }
  std::uint32_t get(std::uint32_t at) const {
    std::uint32_t word = 0;
    std::memcpy(&word, memory.data() + at, sizeof word);
    return word;
  }

  /// The next chunk, between two that are in use.
  std::uint32_t add_free(std::uint32_t size) {
    const std::uint32_t chunk = end_;
    std::fill_n(memory.begin() + chunk + 8, size - 8, std::byte{'x'});
    put(chunk + 4, size | 1);
    put(chunk + size, size);
    put(chunk + size + 4, 32 | 2);
    std::fill_n(memory.begin() + chunk + size + 8, 24, std::byte{'u'});
    end_ += size + 32;
    return chunk;
  }
  void link_after(std::uint32_t before, std::uint32_t chunk) {
    const std::uint32_t next = get(before + 8);
    put(chunk + 8, next);
    put(chunk + 12, before);
    put(before + 8, chunk);
    put(next + 12, chunk);
  }
  void be_tree(std::uint32_t node, std::uint32_t left, std::uint32_t right) {
    put(node + 8, node);
    put(node + 12, node);
    put(node + 16, left);
    put(node + 20, right);
  }
  void set_top(std::uint32_t size) {
    put(kState + 12, size);
    put(kState + 24, end_);
    put(end_ + 4, size | 1);
    std::fill_n(memory.begin() + end_ + 8, size - 8, std::byte{'x'});
  }

  long count(char byte) const {
    return std::count(memory.begin(), memory.end(), static_cast<std::byte>(byte));
  }
  bool zero() { return zero_free_chunks(memory, kState); }

  std::vector<std::byte> memory;

 private:
  std::uint32_t end_ = kHeap;
};

TEST(FreeMemory, IsZeroInListsTreesAndAtTheEnd) {
  Heap heap;
  const std::uint32_t bin = heap.mark_small(48);
  for (int i = 0; i < 3; ++i) heap.link_after(bin, heap.add_free(48));
  const std::uint32_t root = heap.add_free(4096);
  const std::uint32_t child = heap.add_free(8192);
  heap.be_tree(root, 0, child);
  heap.be_tree(child, 0, 0);
  heap.link_after(root, heap.add_free(4096));
  heap.mark_tree(9, root);
  const std::uint32_t victim = heap.add_free(64);
  heap.put(kState + 8, 64);
  heap.put(kState + 20, victim);
  heap.set_top(1024);
  const long used = heap.count('u');
  ASSERT_GT(heap.count('x'), 16000);
  EXPECT_TRUE(heap.zero());
  // What a node has beside its links is the allocator's: two words, and for the third chunk four.
  EXPECT_LE(heap.count('x'), 2 * 8 + 16);
  EXPECT_EQ(heap.count('u'), used);
  const std::vector<std::byte> once = heap.memory;
  EXPECT_TRUE(heap.zero());
  EXPECT_EQ(heap.memory, once);
}

TEST(FreeMemory, OfAHeapThatIsNoneIsLeft) {
  const auto broken_by = [](std::uint32_t offset, std::uint32_t word) {
    Heap heap;
    const std::uint32_t chunk = heap.add_free(4096);
    heap.link_after(heap.mark_small(48), chunk);
    heap.put(chunk + offset, word);
    const std::vector<std::byte> before = heap.memory;
    return !heap.zero() && heap.memory == before;
  };
  EXPECT_TRUE(broken_by(4, 4096 | 3)) << "in use";
  EXPECT_TRUE(broken_by(4, 4096)) << "behind a free one";
  EXPECT_TRUE(broken_by(4, 4112 | 1)) << "another size than its neighbour says";
  EXPECT_TRUE(broken_by(4, 0xFFFFFFF0 | 1)) << "beyond memory";
  EXPECT_TRUE(broken_by(12, kState)) << "a link that does not lead back";
  EXPECT_TRUE(broken_by(4096 + 4, 32 | 3)) << "a neighbour that takes it for used";
  // Where a chunk's own links are broken, it is free all the same; what would follow it is left.
  for (const std::uint32_t link : {kHeap, 0xFFFFFFF8U}) {
    Heap heap;
    const std::uint32_t chunk = heap.add_free(4096);
    heap.link_after(heap.mark_small(48), chunk);
    heap.put(chunk + 8, link);
    EXPECT_FALSE(heap.zero());
  }
  Heap heap;
  EXPECT_FALSE(zero_free_chunks(heap.memory, 0xFFFFFFFC));
  EXPECT_FALSE(zero_free_chunks({}, kState));
}

TEST(FreeMemory, OfAHeapThatGoesInCirclesTakesNoLongerThanAnother) {
  Heap heap;
  const std::uint32_t root = heap.add_free(4096);
  heap.be_tree(root, root, root);
  heap.mark_tree(0, root);
  EXPECT_FALSE(heap.zero());
}

}  // namespace
}  // namespace skerry::runtime::python
