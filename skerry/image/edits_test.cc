// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/edits.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/image/test_pages.h"

namespace skerry::image {
namespace {

constexpr std::uint64_t kMemory = 4 * kPageSize;

using Memory = std::vector<std::byte>;

/// What of `memory`'s pages, written to, becomes of it.
Memory after(const Memory& memory, const Edits& edits) {
  return testing::whole(*testing::base_pages(memory)->with(edits, memory.size()));
}

Edits between(const Memory& before, const Memory& after) {
  EditsBuilder builder;
  for (std::size_t at = 0; at < before.size(); at += kPageSize) {
    builder.add_difference(at, before.data() + at, after.data() + at);
  }
  return std::move(builder).finish();
}

Edits one(std::uint64_t at, std::string_view bytes) {
  EditsBuilder builder;
  builder.add(at, bytes);
  return std::move(builder).finish();
}

TEST(EditsTest, MakeOneMemoryOfAnother) {
  const Memory before = testing::patterned(16 * kWasmPageSize);
  Memory changed = before;
  EXPECT_TRUE(between(before, before).empty());
  for (const std::size_t at : {std::size_t{0}, std::size_t{17}, kPageSize - 1, kPageSize,
                               5 * kPageSize + 4000, changed.size() - 1}) {
    changed[at] ^= std::byte{1};
  }
  const Edits edits = between(before, changed);
  EXPECT_EQ(after(before, edits), changed);
  EXPECT_EQ(edits.pages(), (std::vector<std::size_t>{0, 1, 5, changed.size() / kPageSize - 1}));
  EXPECT_LT(edits.encoded().size(), 100U);
  EXPECT_EQ(Edits::parse(edits.encoded(), before.size())->encoded(), edits.encoded());
}

TEST(EditsTest, MayReachBeyondTheMemoryThatWas) {
  const Memory before = testing::patterned(kWasmPageSize);
  const auto grown =
      testing::base_pages(before)->with(one(2 * kWasmPageSize - 2, "ab"), 2 * kWasmPageSize);
  Memory expected = before;
  expected.resize(2 * kWasmPageSize);
  std::memcpy(expected.data() + expected.size() - 2, "ab", 2);
  EXPECT_EQ(testing::whole(*grown), expected);
}

TEST(EditsTest, JoinNeighboursAndPiecesAcrossPages) {
  EditsBuilder builder;
  builder.add(kPageSize - 2, "ab");
  builder.add(kPageSize, "cd");
  builder.add(kPageSize + 3, "e");
  const Edits edits = std::move(builder).finish();
  Edits::Reader reader(edits);
  auto piece = reader.next();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->at, kPageSize - 2);
  EXPECT_EQ(piece->bytes, "abcd");
  piece = reader.next();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->at, kPageSize + 3);
  EXPECT_EQ(piece->bytes, "e");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(edits.pages(), (std::vector<std::size_t>{0, 1}));
}

TEST(EditsTest, MergedAreAsOneAfterTheOther) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t end) { return random() % end; };
  const Memory before = testing::patterned(kWasmPageSize);
  for (int round = 0; round < 300; ++round) {
    Memory then = before;
    Edits sum;
    for (int step = 0; step < 4; ++step) {
      const Memory was = then;
      for (std::size_t i = below(6); i > 0; --i) {
        const std::size_t at = below(600);
        const std::size_t size = 1 + below(80);
        for (std::size_t k = at; k < at + size; ++k) then[k] = static_cast<std::byte>(random());
      }
      sum = merge(sum, between(was, then));
      ASSERT_EQ(after(before, sum), then) << round;
      ASSERT_TRUE(Edits::parse(sum.encoded(), before.size()).ok());
    }
  }
}

TEST(EditsTest, AreRefusedWhenTheyAreNone) {
  const auto refused = [](std::string_view encoded, std::uint64_t memory) {
    return Edits::parse(encoded, memory).status().code() == StatusCode::kDataLoss;
  };
  using namespace std::string_view_literals;
  const std::string last = one(kMemory - 1, "x").encoded();
  EXPECT_TRUE(Edits::parse(last, kMemory).ok());
  EXPECT_TRUE(refused(last, kMemory - 1));
  EXPECT_TRUE(refused(one(kMemory - 1, "xy").encoded(), kMemory));
  EXPECT_TRUE(refused("\x00"sv, kMemory));       // no size
  EXPECT_TRUE(refused("\x00\x00"sv, kMemory));   // of no bytes
  EXPECT_TRUE(refused("\x00\x02x"sv, kMemory));  // of fewer than it says
  EXPECT_TRUE(refused("\x80\x80"sv, kMemory));   // a number without an end
  EXPECT_TRUE(refused(std::string(11, '\xFF') + std::string("\x01x"), kMemory));
  EXPECT_TRUE(refused(std::string(8, '\xFF') + std::string("\x7F\x01x"), kMemory));
  EXPECT_TRUE(Edits::parse("", 0)->empty());
  const std::string much(Edits::kMaxSize - 4, 'x');
  EXPECT_TRUE(Edits::parse(one(0, much).encoded(), much.size()).ok());
  EXPECT_TRUE(refused(one(0, much + "x").encoded(), much.size() + 1));
}

TEST(EditsTest, OfTooManyPagesAreRefused) {
  constexpr std::uint64_t kLarge = 2 * Edits::kMaxPages * kPageSize;
  EditsBuilder builder;
  for (std::size_t page = 0; page < Edits::kMaxPages; ++page) builder.add(page * kPageSize, "x");
  const Edits most = std::move(builder).finish();
  EXPECT_TRUE(Edits::parse(most.encoded(), kLarge).ok());
  EXPECT_FALSE(
      Edits::parse(merge(most, one(Edits::kMaxPages * kPageSize, "x")).encoded(), kLarge).ok());
  // A piece that goes on in the next page.
  EXPECT_FALSE(
      Edits::parse(merge(most, one(Edits::kMaxPages * kPageSize - 1, "xy")).encoded(), kLarge)
          .ok());
}

TEST(EditsTest, AreTakenApartByPages) {
  const Edits edits = merge(one(100, "abc"), one(kPageSize - 2, std::string(kPageSize + 4, 'x')));
  EXPECT_EQ(edits.pages(), (std::vector<std::size_t>{0, 1, 2}));
  std::vector<std::size_t> asked;
  const auto in = [&](std::size_t wanted) {
    return edits.in([&](std::size_t page) {
      asked.push_back(page);
      return page == wanted;
    });
  };
  EXPECT_EQ(in(0).encoded(), merge(one(100, "abc"), one(kPageSize - 2, "xx")).encoded());
  EXPECT_EQ(asked, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(in(1).encoded(), one(kPageSize, std::string(kPageSize, 'x')).encoded());
  EXPECT_EQ(in(2).encoded(), one(2 * kPageSize, "xx").encoded());
  EXPECT_TRUE(in(3).empty());
}

TEST(EditsTest, ThatAreKeptAreTheSmallestAndWithinLimits) {
  EditsBudget budget;
  const std::vector<std::size_t> sizes = [] {
    std::vector<std::size_t> made;
    for (std::size_t i = 0; i < 3000; ++i) made.push_back(i * 7919 % (EditsBudget::kMaxOfPage + 9));
    return made;
  }();
  for (const std::size_t size : sizes) budget.count(size);
  std::size_t bytes = 0;
  std::size_t largest_kept = 0;
  std::size_t smallest_left = EditsBudget::kMaxOfPage + 1;
  for (const std::size_t size : sizes) {
    if (budget.take(size)) {
      bytes += size;
      largest_kept = std::max(largest_kept, size);
    } else {
      smallest_left = std::min(smallest_left, size);
    }
  }
  EXPECT_LE(bytes, Edits::kMaxSize);
  EXPECT_GT(bytes, Edits::kMaxSize - EditsBudget::kMaxOfPage);
  EXPECT_LE(largest_kept, smallest_left);

  EditsBudget many;
  for (int i = 0; i < 5000; ++i) many.count(8);
  std::size_t kept = 0;
  for (int i = 0; i < 5000; ++i) kept += many.take(8) ? 1 : 0;
  EXPECT_EQ(kept, EditsBudget::kMaxPages);
}

TEST(EditsTest, TakeNoMoreThanTheirSizesSay) {
  std::vector<std::byte> before(kPageSize);
  for (const std::size_t step : {1, 3, 8, 24, 40, 200, 4095}) {
    std::vector<std::byte> after = before;
    for (std::size_t at = 0; at < 512; at += step) after[at * 7 % kPageSize] = std::byte{1};
    const std::size_t size = size_of_difference(before.data(), after.data());
    if (size > EditsBudget::kMaxOfPage) continue;
    EditsBuilder builder;
    constexpr std::uint64_t kFar = std::uint64_t{65'000} * kWasmPageSize;
    builder.add_difference(kFar, before.data(), after.data());
    const Edits edits = std::move(builder).finish();
    EXPECT_LE(edits.encoded().size(), size) << step;
    EXPECT_LE(edits.encoded().size(), sizes_in_pages(edits).front().second) << step;
  }
}

}  // namespace
}  // namespace skerry::image
