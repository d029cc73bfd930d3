// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/heap.h"

#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/sanitizer.h"

namespace skerry::app {
namespace {

constexpr std::size_t kBlock = 1000;
constexpr std::size_t kBlocks = 6'000;  // 6 MB in all

/// Page faults of a child process that fills so many small blocks; with -1 that it failed.
int faults_of_blocks(bool reserved) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    if (reserved) reserve_heap(mib(8));
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    std::vector<std::vector<char>> blocks;
    blocks.reserve(kBlocks);
    for (std::size_t i = 0; i < kBlocks; ++i) blocks.emplace_back(kBlock, 'x');
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    const int faults = static_cast<int>(after.ru_minflt - before.ru_minflt);
    const bool is_whole = blocks.back().back() == 'x';
    (void)!::write(ends[1], &faults, sizeof faults);
    ::_exit(is_whole ? 0 : 1);
  }
  ::close(ends[1]);
  int faults = -1;
  if (::read(ends[0], &faults, sizeof faults) != sizeof faults) faults = -1;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? faults : -1;
}

TEST(HeapTest, ReservedHeapFaultsNoMoreThanAnotherOne) {
  if (kHasShadowMemory) GTEST_SKIP() << "the allocator is the sanitizer's";
  const int plain = faults_of_blocks(false);
  const int reserved = faults_of_blocks(true);
  ASSERT_GT(plain, 1'000);
  ASSERT_GE(reserved, 0);
  // The part before the first huge page is populated; without huge pages the rest faults as before.
  EXPECT_LE(reserved, plain);
}

TEST(HeapTest, WhatIsFreedIsUsedAgain) {
  reserve_heap(mib(4));
  const void* before = nullptr;
  for (int i = 0; i < 100; ++i) {
    const std::vector<char> block(std::size_t{1} << 20, 'x');
    ASSERT_EQ(block.back(), 'x');
    // The first may still find what earlier tests left at the end of the heap.
    if (i == 1) before = ::sbrk(0);
  }
  EXPECT_EQ(::sbrk(0), before);
}

}  // namespace
}  // namespace skerry::app
