// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/linear_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <sys/mman.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/image/test_pages.h"

namespace skerry::image {
namespace {

using image::testing::base_pages;
using image::testing::is_readable;
using image::testing::patterned;

constexpr std::size_t kImageSize = 512 * kWasmPageSize;  // 8,192 pages of the host's
constexpr ByteSize kLimit = mib(64);

class LinearMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = LinearMemory::on_image(base_pages(pattern), kLimit);
    ASSERT_TRUE(made.ok()) << made.status();
    memory = *std::move(made);
  }

  std::byte& at(std::size_t page) const {
    return memory->base()[page * kPageSize + page % kPageSize];
  }
  void write(std::size_t page) const { at(page) ^= std::byte{0x5A}; }

  LinearMemory::ResetCost reset() const {
    const auto cost = memory->reset();
    EXPECT_TRUE(cost.ok()) << cost.status();
    return cost.value_or(LinearMemory::ResetCost{});
  }

  bool is_as_image() const {
    return memory->size() == pattern.size() &&
           std::memcmp(memory->base(), pattern.data(), pattern.size()) == 0;
  }

  /// Counted by a tracker of our own.
  std::size_t private_pages() const {
    auto tracker = DirtyPages::open_with(
        DirtyPages::Method::kPagemapRead, {memory->base(), pattern.size()},
        [this](std::size_t page) { return pattern.data() + page * kPageSize; });
    EXPECT_TRUE(tracker.ok()) << tracker.status();
    std::size_t count = 0;
    const auto runs = tracker->scan();
    for (const PageRun& run : *runs) count += run.count;
    return count;
  }

  const std::vector<std::byte> pattern = patterned(kImageSize);
  std::unique_ptr<LinearMemory> memory;
};

TEST_F(LinearMemoryTest, BeginsAsItsImage) {
  EXPECT_TRUE(is_as_image());
  EXPECT_FALSE(memory->has_grown());
}

TEST_F(LinearMemoryTest, WritesDoNotReachTheImage) {
  const auto pages = base_pages(pattern);
  const auto other = LinearMemory::on_image(pages, kLimit);
  std::memset((*other)->base(), 0xEE, kWasmPageSize);
  EXPECT_EQ(image::testing::whole(*pages), pattern);
}

TEST_F(LinearMemoryTest, ResetRestoresScatteredWrites) {
  for (std::size_t page = 0; page < kImageSize / kPageSize; page += 37) write(page);
  EXPECT_FALSE(is_as_image());
  const auto cost = reset();
  EXPECT_EQ(cost.dirty, (kImageSize / kPageSize + 36) / 37);
  EXPECT_TRUE(is_as_image());
}

TEST_F(LinearMemoryTest, ResetOfUntouchedMemoryFindsNothing) {
  const auto cost = reset();
  EXPECT_EQ(cost.dirty + cost.copied + cost.given_back, 0U);
}

TEST_F(LinearMemoryTest, GrownMemoryIsAccessibleAndZero) {
  ASSERT_TRUE(memory->grow_to(kImageSize + 3 * kWasmPageSize).ok());
  const auto grown = memory->bytes().subspan(kImageSize);
  EXPECT_EQ(grown.size(), 3 * kWasmPageSize);
  EXPECT_TRUE(
      std::all_of(grown.begin(), grown.end(), [](std::byte b) { return b == std::byte{0}; }));
  std::memset(grown.data(), 1, grown.size());
  EXPECT_TRUE(memory->has_grown());
  EXPECT_FALSE(is_readable(memory->base() + memory->size())) << "and nothing beyond";
}

TEST_F(LinearMemoryTest, GrowthBeyondTheLimitIsRefusedAndNoted) {
  EXPECT_FALSE(memory->growth_was_refused());
  EXPECT_TRUE(memory->grow_to(kLimit.value).ok());
  EXPECT_FALSE(memory->growth_was_refused());
  const Status status = memory->grow_to(kLimit.value + kWasmPageSize);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(status).find(std::to_string(kLimit.value)), std::string_view::npos)
      << status;
  EXPECT_TRUE(memory->growth_was_refused());
  EXPECT_EQ(memory->size(), kLimit.value);
}

TEST_F(LinearMemoryTest, MemoryOfFixedSizeDoesNotGrowAndIsNotShortOfAny) {
  memory->fix_size(true);
  EXPECT_EQ(memory->grow_to(kImageSize + kWasmPageSize).code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(memory->growth_was_refused());
  EXPECT_EQ(memory->size(), kImageSize);
  memory->fix_size(false);
  EXPECT_TRUE(memory->grow_to(kImageSize + kWasmPageSize).ok());
}

TEST_F(LinearMemoryTest, GrowthAfterARefusalMakesItOneOfThePast) {
  EXPECT_FALSE(memory->grow_to(kLimit.value + kWasmPageSize).ok());
  EXPECT_TRUE(memory->last_growth_was_refused());
  EXPECT_TRUE(memory->grow_to(kLimit.value).ok());
  EXPECT_FALSE(memory->last_growth_was_refused());
  EXPECT_TRUE(memory->growth_was_refused());
}

TEST_F(LinearMemoryTest, ANewBaselineForgetsWhatWasRefused) {
  EXPECT_FALSE(memory->grow_to(kLimit.value + kWasmPageSize).ok());
  const auto changed = memory->changed();
  ASSERT_TRUE(changed.ok());
  ASSERT_TRUE(memory->set_baseline(*changed).ok());
  EXPECT_FALSE(memory->growth_was_refused());
  EXPECT_FALSE(memory->last_growth_was_refused());
}

TEST_F(LinearMemoryTest, LimitBoundsAllMemoriesOfAGuestTogether) {
  const auto first = *LinearMemory::zeroed(kLimit);
  ASSERT_TRUE(first->grow_to(kWasmPageSize).ok());
  {
    const auto second = *LinearMemory::beside(*first);
    const auto third = *LinearMemory::beside(*first);
    ASSERT_TRUE(second->grow_to(kWasmPageSize).ok());
    EXPECT_FALSE(third->grow_to(kLimit.value - kWasmPageSize).ok());
    EXPECT_TRUE(first->last_growth_was_refused());
    EXPECT_TRUE(third->grow_to(kLimit.value - 2 * kWasmPageSize).ok());
    EXPECT_FALSE(first->grow_to(2 * kWasmPageSize).ok());
    EXPECT_EQ(first->peak(), kLimit.value);
  }
  EXPECT_TRUE(first->grow_to(kLimit.value).ok()) << "the others are gone";
}

TEST_F(LinearMemoryTest, RuntimeThatIsFullMayStillThrow) {
  ASSERT_TRUE(memory->grow_to(kLimit.value).ok());
  const auto heap = *LinearMemory::beside(*memory);
  EXPECT_TRUE(heap->grow_to(kWasmPageSize).ok());
  EXPECT_FALSE(heap->grow_to(mib(2).value).ok());
}

TEST_F(LinearMemoryTest, NoLimitReachesBeyondTheReservation) {
  auto unlimited = LinearMemory::zeroed(bytes(std::uint64_t{1} << 40));
  ASSERT_TRUE(unlimited.ok());
  memory = *std::move(unlimited);
  EXPECT_FALSE(memory->grow_to(LinearMemory::kReservation + kWasmPageSize).ok());
}

TEST_F(LinearMemoryTest, PeakRemembersTheLargestSizeUntilReset) {
  ASSERT_TRUE(memory->grow_to(kImageSize + kWasmPageSize).ok());
  EXPECT_EQ(memory->peak(), kImageSize + kWasmPageSize);
  EXPECT_FALSE(memory->grow_to(kLimit.value * 2).ok());
  reset();
  EXPECT_EQ(memory->peak(), kImageSize);
  EXPECT_FALSE(memory->growth_was_refused());
}

TEST_F(LinearMemoryTest, ResetTakesGrownPagesAway) {
  ASSERT_TRUE(memory->grow_to(kImageSize + 4 * kWasmPageSize).ok());
  std::memset(memory->base() + kImageSize, 0x77, 4 * kWasmPageSize);
  reset();
  EXPECT_EQ(memory->size(), kImageSize);
  EXPECT_FALSE(is_readable(memory->base() + kImageSize));
  EXPECT_FALSE(is_readable(memory->base() + kImageSize + 4 * kWasmPageSize - 1));
  EXPECT_TRUE(is_as_image());
}

TEST_F(LinearMemoryTest, SettledChangesAreChangesNoMore) {
  write(3);
  write(70);
  const auto changed = memory->changed();
  ASSERT_TRUE(changed.ok());
  ASSERT_TRUE(memory->set_baseline(*changed).ok());
  EXPECT_EQ(memory->changed()->size(), 0U);
  write(3);  // as the image says, but not as it settled
  write(9);
  EXPECT_EQ(*memory->changed(), (std::vector<PageRun>{{3, 1}, {9, 1}}));
}

TEST_F(LinearMemoryTest, ResetGoesBackToWhatHasSettled) {
  write(3);
  ASSERT_TRUE(memory->set_baseline(*memory->changed()).ok());
  const std::vector<std::byte> settled(memory->base(), memory->base() + memory->size());
  for (int round = 0; round < 40; ++round) {
    for (std::size_t page = 0; page < 3000; page += round % 8 == 0 ? 1 : 7) write(page);
    reset();
    ASSERT_EQ(std::memcmp(memory->base(), settled.data(), settled.size()), 0) << round;
  }
}

TEST_F(LinearMemoryTest, MemoryAtRestHoldsWhatHasSettledAndNoMore) {
  const auto touch = [&](std::size_t pages) {
    for (std::size_t page = 0; page < pages; ++page) {
      write(page);
      write(page);  // as it was: private, but not changed
    }
    write(2000);
    write(3000);
    ASSERT_TRUE(memory->set_baseline(*memory->changed()).ok());
  };
  touch(100);
  EXPECT_EQ(private_pages(), 102U);
  const std::vector<std::byte> before(memory->base(), memory->base() + memory->size());
  ASSERT_TRUE(memory->trim().ok());
  EXPECT_EQ(private_pages(), 2U);
  EXPECT_EQ(std::memcmp(memory->base(), before.data(), before.size()), 0);
  touch(2000);
  EXPECT_EQ(private_pages(), 2U) << "so much is not kept until then";
}

TEST_F(LinearMemoryTest, TooMuchDoesNotSettle) {
  for (std::size_t page = 0; page < LinearMemory::kMaxSettledPages; ++page) write(page);
  ASSERT_TRUE(memory->set_baseline(*memory->changed()).ok());
  write(5);
  EXPECT_FALSE(memory->may_settle(std::vector<PageRun>{{5000, 1}}));
  EXPECT_EQ(memory->set_baseline(std::vector<PageRun>{{5000, 1}}).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(*memory->changed(), (std::vector<PageRun>{{5, 1}})) << "and nothing has happened";
}

TEST_F(LinearMemoryTest, GrownMemoryDoesNotSettle) {
  ASSERT_TRUE(memory->grow_to(kImageSize + kWasmPageSize).ok());
  EXPECT_FALSE(memory->may_settle({}));
}

TEST_F(LinearMemoryTest, MemoryGrownAgainIsZeroAgain) {
  ASSERT_TRUE(memory->grow_to(kImageSize + kWasmPageSize).ok());
  std::memset(memory->base() + kImageSize, 0x77, kWasmPageSize);
  reset();
  ASSERT_TRUE(memory->grow_to(kImageSize + kWasmPageSize).ok());
  const auto grown = memory->bytes().subspan(kImageSize);
  EXPECT_TRUE(
      std::all_of(grown.begin(), grown.end(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(LinearMemoryTest, GuardsLieOnBothSides) {
  EXPECT_FALSE(is_readable(memory->base() - 1));
  EXPECT_FALSE(is_readable(memory->base() - LinearMemory::kGuard));
  EXPECT_FALSE(is_readable(memory->base() + LinearMemory::kReservation));
  EXPECT_FALSE(is_readable(memory->base() + LinearMemory::kReservation + LinearMemory::kGuard - 1));
}

TEST_F(LinearMemoryTest, PageThatEveryRunWritesStaysWarm) {
  for (int run = 0; run < 200; ++run) {
    write(11);
    const auto cost = reset();
    ASSERT_EQ(cost.given_back, 0U) << "run " << run;
    ASSERT_EQ(cost.copied, 1U) << "run " << run;
  }
  EXPECT_EQ(private_pages(), 1U);
}

TEST_F(LinearMemoryTest, HeavyRunIsGivenBackAtOnce) {
  for (std::size_t page = 0; page < 5000; ++page) write(page);
  EXPECT_EQ(reset().given_back, 5000U);
  EXPECT_TRUE(is_as_image());
  EXPECT_EQ(private_pages(), 0U);
}

TEST_F(LinearMemoryTest, HeavyRunLeavesWarmPagesWarm) {
  for (int run = 0; run < 20; ++run) {
    write(11);
    reset();
  }
  for (std::size_t page = 0; page < 5000; ++page) write(page);
  reset();
  EXPECT_EQ(private_pages(), 1U);
  for (int run = 0; run < 50; ++run) {
    write(11);
    EXPECT_EQ(reset().given_back, 0U);
  }
}

TEST_F(LinearMemoryTest, HeavyRunThatWasMeasuredDoesNotBurdenLaterResets) {
  for (std::size_t page = 0; page < 5000; ++page) write(page);
  ASSERT_TRUE(memory->dirty().ok());  // as Sandbox::measure does after every run
  reset();
  write(11);
  ASSERT_TRUE(memory->dirty().ok());
  reset();
  EXPECT_LE(private_pages(), 1U);
}

TEST_F(LinearMemoryTest, MiddlingRunIsGivenBackInTime) {
  for (std::size_t page = 0; page < 900; ++page) write(page);
  reset();
  for (int run = 0; run < 100; ++run) {
    write(7000);
    reset();
  }
  EXPECT_LE(private_pages(), 1U);
  EXPECT_TRUE(is_as_image());
}

TEST_F(LinearMemoryTest, DirtyPagesAreReported) {
  write(3);
  write(4);
  write(4000);
  const auto runs = memory->dirty();
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_EQ(std::vector<PageRun>(runs->begin(), runs->end()),
            (std::vector<PageRun>{{3, 2}, {4000, 1}}));
}

// Faults that others take in between must neither hide nor stand for the guest's.
TEST_F(LinearMemoryTest, WhatVisitsWriteIsFoundWhateverFaultsElsewhere) {
  std::vector<std::vector<char>> elsewhere;
  const auto fault_elsewhere = [&] { elsewhere.emplace_back(64 * kPageSize, 'x'); };
  std::set<std::size_t> written;
  memory->pause_fault_accounting();
  for (const std::size_t page : {3U, 7U, 3U, 12U}) {
    fault_elsewhere();
    memory->resume_fault_accounting();
    if (page == 7) fault_elsewhere();
    at(page) = std::byte{0xEE};
    written.insert(page);
    memory->pause_fault_accounting();
    fault_elsewhere();
    std::set<std::size_t> changed;
    const auto runs = memory->changed().value();
    for (const PageRun& run : runs) {
      for (std::size_t i = 0; i < run.count; ++i) changed.insert(run.first + i);
    }
    EXPECT_EQ(changed, written);
  }
  memory->resume_fault_accounting();
  memory->resume_fault_accounting();  // nothing more
  reset();
  EXPECT_TRUE(is_as_image());
}

TEST(ZeroedLinearMemoryTest, BeginsEmptyAndReturnsToThat) {
  const auto memory = LinearMemory::zeroed(mib(1)).value();
  EXPECT_EQ(memory->size(), 0U);
  EXPECT_FALSE(is_readable(memory->base()));
  ASSERT_TRUE(memory->grow_to(kWasmPageSize).ok());
  std::memset(memory->base(), 1, kWasmPageSize);
  ASSERT_TRUE(memory->reset().ok());
  EXPECT_EQ(memory->size(), 0U);
  ASSERT_TRUE(memory->grow_to(kWasmPageSize).ok());
  EXPECT_EQ(memory->base()[0], std::byte{0});
}

TEST(PageFileTest, PartialPagesAreRefused) {
  const auto bytes = patterned(2 * kWasmPageSize);
  const auto opened = [&](std::uint64_t offset, std::size_t size) {
    return PageFile::open(image::testing::memory_file(bytes), offset, size).status().code();
  };
  EXPECT_EQ(opened(0, kPageSize + 1), StatusCode::kInvalidArgument);
  EXPECT_EQ(opened(1, kPageSize), StatusCode::kInvalidArgument);
  EXPECT_EQ(opened(0, 0), StatusCode::kInvalidArgument);
  EXPECT_EQ(opened(kPageSize, kPageSize), StatusCode::kOk);
}

/// The same rounds by every way to find dirty pages.
class LinearMemoryModelTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ::setenv("SKERRY_DIRTY_PAGES", GetParam(), 1); }
  void TearDown() override { ::unsetenv("SKERRY_DIRTY_PAGES"); }
};

TEST_P(LinearMemoryModelTest, RandomRoundsOfWritesAndResetsMatchAModel) {
  const std::vector<std::byte> pattern =
      patterned(96 * kWasmPageSize);  // 1,536 pages: a heavy run fits
  const std::size_t pages = pattern.size() / kPageSize;
  auto made = LinearMemory::on_image(base_pages(pattern), mib(16));
  ASSERT_TRUE(made.ok()) << made.status();
  LinearMemory& memory = **made;
  if (memory.dirty().status().code() == StatusCode::kUnimplemented)
    GTEST_SKIP() << "not on this kernel";
  std::mt19937 random(4711);
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::byte> model = pattern;
    if (random() % 10 == 0) {
      model.resize(model.size() + (1 + random() % 8) * kWasmPageSize);
      ASSERT_TRUE(memory.grow_to(model.size()).ok());
    }
    const std::size_t writes = random() % 50 == 0 ? 4000 : random() % 30;
    for (std::size_t i = 0; i < writes; ++i) {
      // Half of them where the last runs wrote, half anywhere.
      const std::size_t at =
          random() % 2 == 0 ? random() % (20 * kPageSize) : random() % model.size();
      model[at] = memory.base()[at] = static_cast<std::byte>(random());
    }
    if (round % 8 == 0) {
      ASSERT_EQ(std::memcmp(memory.base(), model.data(), model.size()), 0) << "round " << round;
    }
    if (round % 3 == 0) {
      std::vector<bool> reported(pages);
      const auto runs = memory.dirty();
      ASSERT_TRUE(runs.ok());
      for (const PageRun& run : *runs)
        std::fill_n(reported.begin() + static_cast<std::ptrdiff_t>(run.first), run.count, true);
      for (std::size_t page = 0; page < pages; ++page) {
        const std::size_t at = page * kPageSize;
        if (reported[page]) continue;
        ASSERT_EQ(std::memcmp(&model[at], &pattern[at], kPageSize), 0) << "missed page " << page;
      }
    }
    const auto cost = memory.reset();
    ASSERT_TRUE(cost.ok()) << cost.status();
    ASSERT_EQ(memory.size(), pattern.size());
    ASSERT_EQ(std::memcmp(memory.base(), pattern.data(), pattern.size()), 0) << "round " << round;
  }
}

/// Images on `base`: itself, and such with layers of all kinds and sizes, some of them in common.
std::vector<std::shared_ptr<const ImagePages>> relatives(
    const std::shared_ptr<const ImagePages>& base, std::mt19937& random) {
  std::vector<std::byte> bytes(64 * kPageSize);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  const auto file = testing::page_file(bytes);
  std::vector<std::shared_ptr<const ImagePages>> images = {base};
  for (const std::size_t grown : {0, 0, 3, 8}) {
    const std::size_t size = base->size() + grown * kWasmPageSize;
    std::vector<Extent> extents = {{40, 20, file, 7}};  // mapped by all in the same place
    for (std::size_t first = 61; first < size / kPageSize - 70; first += 1 + random() % 300) {
      const std::size_t count = 1 + random() % (random() % 2 == 0 ? 60 : 5);
      extents.push_back({first, count, file, random() % (64 - count)});
      first += count;
    }
    auto layered = ImagePages::layered(base->base(), std::move(extents), size).value();
    EditsBuilder edits;
    for (std::size_t at = random() % 9000; at + 9 < size; at += 9 + random() % 90'000) {
      edits.add(at, "edited");
    }
    images.push_back(layered->with(std::move(edits).finish(), size));
    images.push_back(std::move(layered));
  }
  return images;
}

TEST_P(LinearMemoryModelTest, RebasedMemoryIsAsOneThatWasMadeThere) {
  std::mt19937 random(99);
  const auto images = relatives(base_pages(patterned(96 * kWasmPageSize)), random);
  std::vector<std::vector<std::byte>> contents;
  for (const auto& image : images) contents.push_back(testing::whole(*image));
  const auto memory = LinearMemory::on_image(images[0], mib(16)).value();
  if (memory->dirty().status().code() == StatusCode::kUnimplemented)
    GTEST_SKIP() << "not on this kernel";
  std::size_t now = 0;
  for (int round = 0; round < 300; ++round) {
    if (random() % 8 == 0) {
      ASSERT_TRUE(memory->grow_to(memory->size() + kWasmPageSize).ok());
    }
    for (std::size_t i = random() % 50 == 0 ? 2000 : random() % 30; i > 0; --i) {
      const std::size_t reach = random() % 2 == 0 ? 80 * kPageSize : memory->size();
      memory->base()[random() % reach] = static_cast<std::byte>(random());
    }
    if (random() % 3 == 0) {
      const auto changed = memory->changed().value();
      if (memory->may_settle(changed)) {
        ASSERT_TRUE(memory->set_baseline(changed).ok());
        if (random() % 2 == 0) {
          ASSERT_TRUE(memory->trim().ok());
        }
        memory->base()[random() % memory->size()] ^= std::byte{1};
        now = images.size();  // what has settled is none of them
      }
    }
    if (now == images.size() || random() % 3 != 0) {
      now = random() % images.size();
      ASSERT_TRUE(memory->switch_image(images[now], mib(16)).ok());
    } else {
      ASSERT_TRUE(memory->reset().ok());
    }
    ASSERT_EQ(memory->size(), contents[now].size());
    ASSERT_EQ(std::memcmp(memory->base(), contents[now].data(), contents[now].size()), 0) << round;
    ASSERT_TRUE(memory->changed()->empty()) << round;
    EXPECT_FALSE(is_readable(memory->base() + memory->size()));
  }
  const auto other = base_pages(patterned(96 * kWasmPageSize));
  EXPECT_EQ(memory->switch_image(other, mib(16)).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::memcmp(memory->base(), contents[now].data(), contents[now].size()), 0);
  EXPECT_EQ(memory->switch_image(images[0], bytes(images[0]->size() - 1)).code(),
            StatusCode::kFailedPrecondition);
  const ByteSize tight = bytes(images[0]->size() + kWasmPageSize);
  ASSERT_TRUE(memory->switch_image(images[0], tight).ok());
  EXPECT_TRUE(memory->grow_to(tight.value).ok());
  EXPECT_FALSE(memory->grow_to(tight.value + kWasmPageSize).ok());
}

INSTANTIATE_TEST_SUITE_P(EveryMethod, LinearMemoryModelTest,
                         ::testing::Values("scan", "read", "compare"),
                         [](const auto& method) { return std::string(method.param); });

TEST(LinearMemoryDifference, OfMuchWhatLiesTogetherIsWhole) {
  const auto pages = testing::base_pages(std::vector<std::byte>(2 * kWasmPageSize));
  const auto difference = [&](std::size_t together) {
    const auto memory = LinearMemory::on_image(pages, mib(16)).value();
    EXPECT_TRUE(memory->grow_to(mib(16).value).ok());
    for (std::size_t page = 0; page < together; ++page) {
      memory->base()[page * kPageSize] = std::byte{1};
    }
    for (std::size_t page = 3000; page < 3020; page += 2) {
      memory->base()[page * kPageSize] = std::byte{1};
    }
    return memory->difference(memory->changed().value());
  };
  EXPECT_TRUE(difference(1000).whole.empty());
  const auto much = difference(2000);
  EXPECT_EQ(much.whole, (std::vector<PageRun>{{0, 2000}}));
  EXPECT_EQ(much.edits.pages().size(), 10);
}

}  // namespace
}  // namespace skerry::image
