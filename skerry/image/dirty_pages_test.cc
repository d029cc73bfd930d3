// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/dirty_pages.h"

#include <fcntl.h>
#include <random>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/image/test_pages.h"

namespace skerry::image {
namespace {

using Method = DirtyPages::Method;
using Runs = std::vector<PageRun>;

constexpr std::size_t kMappedPages = 2048;

// Not in older headers: Linux 5.4.
constexpr int kPageOut = 21;

/// A private mapping of a memfd, and what the file says.
class DirtyPagesTest : public ::testing::TestWithParam<Method> {
 protected:
  void SetUp() override {
    file_ = image::testing::memory_file(image::testing::patterned(kMappedPages * kPageSize));
    range_ = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
    pristine_ = map(PROT_READ, MAP_SHARED);
    auto tracker = DirtyPages::open_with(GetParam(), range_, pristine());
    if (tracker.status().code() == StatusCode::kUnimplemented) {
      GTEST_SKIP() << "this kernel has no " << name_of(GetParam());
    }
    ASSERT_TRUE(tracker.ok()) << tracker.status();
    tracker_.emplace(*std::move(tracker));
  }

  void TearDown() override {
    ::munmap(range_.data(), range_.size());
    ::munmap(pristine_.data(), pristine_.size());
  }

  std::span<std::byte> map(int protection, int flags) const {
    void* at = ::mmap(nullptr, kMappedPages * kPageSize, protection, flags, file_.get(), 0);
    EXPECT_NE(at, MAP_FAILED);
    return {static_cast<std::byte*>(at), kMappedPages * kPageSize};
  }

  DirtyPages::Pristine pristine() const {
    return [bytes = pristine_](std::size_t page) { return bytes.data() + page * kPageSize; };
  }

  void write(std::size_t page, std::size_t offset = 0) {
    range_[page * kPageSize + offset] ^= std::byte{0xFF};
  }

  Runs scan() { return scan(*tracker_); }
  static Runs scan(DirtyPages& tracker) {
    const auto runs = tracker.scan();
    EXPECT_TRUE(runs.ok()) << runs.status();
    return runs.ok() ? Runs(runs->begin(), runs->end()) : Runs();
  }

  OwnedFd file_;
  std::span<std::byte> range_;
  std::span<std::byte> pristine_;
  std::optional<DirtyPages> tracker_;
};

TEST_P(DirtyPagesTest, UntouchedMappingHasNone) { EXPECT_EQ(scan(), Runs()); }

TEST_P(DirtyPagesTest, OneByteMarksItsWholePage) {
  write(5, 0);
  write(9, kPageSize - 1);
  EXPECT_EQ(scan(), (Runs{{5, 1}, {9, 1}}));
}

TEST_P(DirtyPagesTest, PageReadButNotWrittenStaysClean) {
  std::byte sum{};
  for (std::size_t page = 0; page < kMappedPages; ++page) sum ^= range_[page * kPageSize];
  write(3, static_cast<std::size_t>(sum) % 16);
  EXPECT_EQ(scan(), (Runs{{3, 1}}));
}

TEST_P(DirtyPagesTest, FirstAndLastPageCount) {
  write(0);
  write(kMappedPages - 1);
  EXPECT_EQ(scan(), (Runs{{0, 1}, {kMappedPages - 1, 1}}));
}

TEST_P(DirtyPagesTest, PageWrittenByTheKernelCounts) {
  const OwnedFd zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::read(zeros.get(), range_.data() + 6 * kPageSize + 10, 100), 100);
  EXPECT_EQ(scan(), (Runs{{6, 1}}));
}

TEST_P(DirtyPagesTest, RunsAcrossTheScanBufferAreJoined) {
  // 255 lone pages fill the buffer of 256 regions but for one; what follows crosses its end.
  Runs expected;
  for (std::size_t page = 0; page < 2 * 255; page += 2) {
    write(page);
    expected.push_back({page, 1});
  }
  for (std::size_t page = 600; page < 1500; ++page) write(page);
  expected.push_back({600, 900});
  for (std::size_t page = 1501; page < kMappedPages; page += 2) {
    write(page);
    expected.push_back({page, 1});
  }
  EXPECT_EQ(scan(), expected);
}

TEST_P(DirtyPagesTest, AnySetOfPagesIsFoundExactly) {
  std::mt19937 random(20'261);
  std::vector<bool> written(kMappedPages);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 40; ++i) {
      const std::size_t page = random() % kMappedPages;
      if (!written[page]) write(page, random() % kPageSize);
      written[page] = true;
    }
    Runs expected;
    for (std::size_t page = 0; page < kMappedPages; ++page) {
      if (!written[page]) continue;
      if (page > 0 && written[page - 1]) {
        ++expected.back().count;
      } else {
        expected.push_back({page, 1});
      }
    }
    ASSERT_EQ(scan(), expected) << "round " << round;
  }
}

TEST_P(DirtyPagesTest, PageGivenBackIsCleanAgain) {
  write(5);
  write(6);
  ASSERT_EQ(::madvise(range_.data() + 5 * kPageSize, kPageSize, MADV_DONTNEED), 0);
  EXPECT_EQ(scan(), (Runs{{6, 1}}));
}

TEST_P(DirtyPagesTest, ForkedChildSeesItsOwnPages) {
  write(1);
  auto child = Child::fork([&] {
    auto own = DirtyPages::open_with(GetParam(), range_, pristine());
    if (!own.ok()) return 2;
    write(3);
    return scan(*own) == Runs{{1, 1}, {3, 1}} ? 0 : 1;
  });
  EXPECT_EQ(child->wait()->code, 0);
  EXPECT_EQ(scan(), (Runs{{1, 1}})) << "the child's page is not ours";
}

TEST_P(DirtyPagesTest, SwappedOutPageCounts) {
  write(4);
  write(5);
  ::madvise(range_.data() + 4 * kPageSize, 2 * kPageSize, kPageOut);
  std::uint64_t entry = 0;
  const OwnedFd pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  const auto page = reinterpret_cast<std::uintptr_t>(range_.data()) / kPageSize + 4;
  ASSERT_EQ(::pread(pagemap.get(), &entry, sizeof entry, static_cast<off_t>(page * sizeof entry)),
            8);
  if ((entry >> 62 & 1) == 0)
    GTEST_SKIP() << "the kernel did not swap the page out: this machine has no swap";
  EXPECT_EQ(scan(), (Runs{{4, 2}}));
}

TEST_P(DirtyPagesTest, RangeThatIsNotWholePagesIsRefused) {
  const auto refused = [&](std::span<const std::byte> range) {
    return DirtyPages::open_with(GetParam(), range, pristine()).status().code() ==
           StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(range_.subspan(1, kPageSize)));
  EXPECT_TRUE(refused(range_.first(kPageSize + 1)));
  EXPECT_TRUE(refused(range_.first(0)));
}

INSTANTIATE_TEST_SUITE_P(EveryMethod, DirtyPagesTest,
                         ::testing::Values(Method::kPagemapScan, Method::kPagemapRead,
                                           Method::kCompare),
                         [](const auto& method) {
                           std::string name = name_of(method.param);
                           std::erase(name, ' ');
                           return name;
                         });

}  // namespace
}  // namespace skerry::image
