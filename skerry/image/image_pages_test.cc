// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/image_pages.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/image/linear_memory.h"
#include "skerry/image/test_pages.h"

namespace skerry::image {
namespace {

using image::testing::page_file;
using image::testing::patterned;

constexpr std::size_t kBaseSize = 4 * kWasmPageSize;
constexpr std::size_t kBasePages = kBaseSize / kPageSize;

std::vector<std::byte> filled(std::size_t pages, int value) {
  std::vector<std::byte> bytes(pages * kPageSize, static_cast<std::byte>(value));
  for (std::size_t page = 0; page < pages; ++page) {
    std::memcpy(bytes.data() + page * kPageSize, &page, sizeof page);
  }
  return bytes;
}

void lay(std::vector<std::byte>& over, std::size_t first, std::span<const std::byte> bytes) {
  std::memcpy(over.data() + first * kPageSize, bytes.data(), bytes.size());
}

class LayeredPagesTest : public ::testing::Test {
 protected:
  // A short extent (copied), a long one (mapped), one across the base's end, one beyond it.
  void SetUp() override {
    const auto other = filled(kBasePages, 0xA5);
    const auto file = page_file(other);
    expected = patterned(kBaseSize);
    const auto base = page_file(expected);
    expected.resize(6 * kWasmPageSize);
    const std::vector<Extent> extents = {
        {2, 3, file, 7}, {20, 20, file, 0}, {kBasePages - 1, 2, file, 50}, {90, 1, file, 63}};
    for (const Extent& extent : extents) {
      lay(expected, extent.first,
          std::span(other).subspan(extent.at * kPageSize, extent.count * kPageSize));
    }
    auto made = ImagePages::layered(base, extents, expected.size());
    ASSERT_TRUE(made.ok()) << made.status();
    pages = *std::move(made);
    memory = LinearMemory::on_image(pages, mib(2)).value();
  }

  bool holds(std::span<const std::byte> bytes) const {
    return bytes.size() == expected.size() &&
           std::memcmp(bytes.data(), expected.data(), expected.size()) == 0;
  }

  std::vector<std::byte> expected;
  std::shared_ptr<const ImagePages> pages;
  std::unique_ptr<LinearMemory> memory;
};

TEST_F(LayeredPagesTest, TheViewAndMemoryHoldBaseAndLayers) {
  EXPECT_TRUE(holds(image::testing::whole(*pages)));
  EXPECT_TRUE(holds(memory->bytes()));
}

TEST_F(LayeredPagesTest, ResetBringsEveryKindOfPageBack) {
  for (int round = 0; round < 40; ++round) {
    // Few pages, then many: what a heavy run leaves is given back, but never what was copied in.
    const std::size_t step = round % 8 == 0 ? 1 : 9;
    for (std::size_t page = 0; page < expected.size() / kPageSize; page += step) {
      memory->base()[page * kPageSize + 100] ^= std::byte{1};
    }
    ASSERT_TRUE(memory->grow_to(7 * kWasmPageSize).ok());
    memory->base()[6 * kWasmPageSize] = std::byte{1};
    ASSERT_TRUE(memory->reset().ok());
    ASSERT_TRUE(holds(memory->bytes())) << round;
  }
}

TEST_F(LayeredPagesTest, AWriteReachesNeitherTheViewNorAnotherMemory) {
  const auto other = LinearMemory::on_image(pages, mib(2)).value();
  std::memset(memory->base(), 0xEE, expected.size());
  EXPECT_TRUE(holds(image::testing::whole(*pages)));
  EXPECT_TRUE(holds(other->bytes()));
}

TEST_F(LayeredPagesTest, ChangedTellsWhatDiffersAndNoMore) {
  EXPECT_EQ(memory->changed()->size(), 0U);  // copied in is not changed
  memory->base()[3 * kPageSize] ^= std::byte{1};
  memory->base()[25 * kPageSize] ^= std::byte{1};
  memory->base()[25 * kPageSize] ^= std::byte{1};  // written, and as it was
  memory->base()[91 * kPageSize] = std::byte{1};
  ASSERT_TRUE(memory->grow_to(7 * kWasmPageSize).ok());
  memory->base()[7 * kWasmPageSize - 1] = std::byte{1};
  const std::vector<PageRun> expected_runs = {{3, 1}, {91, 1}, {111, 1}};
  EXPECT_EQ(*memory->changed(), expected_runs);
}

TEST(ImagePagesTest, ExtentsThatDoNotFitAreRefused) {
  const auto base = page_file(patterned(kBaseSize));
  const auto file = page_file(filled(4, 1));
  const auto refused = [&](std::vector<Extent> extents, std::size_t size = kBaseSize) {
    return ImagePages::layered(base, std::move(extents), size).status().code() ==
           StatusCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused({{0, 4, file, 0}, {4, 1, file, 0}}));
  EXPECT_TRUE(refused({{0, 5, file, 0}}));
  EXPECT_TRUE(refused({{0, 1, file, 4}}));
  EXPECT_TRUE(refused({{0, 0, file, 0}}));
  EXPECT_TRUE(refused({{3, 2, file, 0}, {4, 1, file, 0}}));
  EXPECT_TRUE(refused({{4, 1, file, 0}, {3, 1, file, 0}}));
  EXPECT_TRUE(refused({{kBasePages, 1, file, 0}}));
  EXPECT_TRUE(refused({{~std::size_t{0}, 2, file, 0}}));
  EXPECT_TRUE(refused({{0, 1, file, ~std::size_t{0}}}));
  EXPECT_TRUE(refused({}, kBaseSize - kWasmPageSize));
  EXPECT_TRUE(refused({}, kBaseSize + kPageSize));
}

TEST(OverlayTest, AgreesWithPagesLaidOneByOne) {
  std::mt19937 random(7);
  const std::vector<std::shared_ptr<const PageFile>> files = {page_file(filled(64, 1)),
                                                              page_file(filled(64, 2))};
  const auto some_extents = [&] {
    std::vector<Extent> extents;
    for (std::size_t page = random() % 6; page < 60; page += random() % 9) {
      const std::size_t count = 1 + random() % std::min<std::size_t>(8, 64 - page);
      extents.push_back({page, count, files[random() % 2], random() % (64 - count)});
      page += count;
    }
    return extents;
  };
  using Cell = std::pair<const PageFile*, std::size_t>;
  const auto spread = [](std::span<const Extent> extents) {
    std::vector<Cell> cells(80, Cell{nullptr, 0});
    for (const Extent& extent : extents) {
      for (std::size_t i = 0; i < extent.count; ++i) {
        cells[extent.first + i] = {extent.file.get(), extent.at + i};
      }
    }
    return cells;
  };
  for (int round = 0; round < 2000; ++round) {
    const auto below = some_extents();
    const auto above = some_extents();
    auto cells = spread(below);
    const auto upper = spread(above);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (upper[i].first != nullptr) cells[i] = upper[i];
    }
    const auto result = overlay(below, above);
    ASSERT_EQ(spread(result), cells);
    for (std::size_t i = 1; i < result.size(); ++i) {
      ASSERT_GE(result[i].first, result[i - 1].first + result[i - 1].count);
    }
  }
}

TEST(OverlayTest, NeighboursOfOneFileBecomeOne) {
  const auto file = page_file(filled(8, 1));
  const auto result = overlay(std::vector<Extent>{{0, 2, file, 0}, {4, 1, file, 4}},
                              std::vector<Extent>{{2, 2, file, 2}});
  ASSERT_EQ(result.size(), 1U);
  EXPECT_EQ(result[0].count, 5U);
}

}  // namespace
}  // namespace skerry::image
