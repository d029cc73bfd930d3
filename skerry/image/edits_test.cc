// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/edits.h"

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
  const std::string much(Edits::kMaxSize - 3, 'x');
  EXPECT_TRUE(Edits::parse(one(0, much).encoded(), much.size()).ok());
  EXPECT_TRUE(refused(one(0, much + "x").encoded(), much.size() + 1));
}

}  // namespace
}  // namespace skerry::image
