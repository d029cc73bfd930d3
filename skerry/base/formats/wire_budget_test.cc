// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/wire_budget.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/base/test_usage.h"

namespace skerry {
namespace {

constexpr std::uint64_t kMax = std::uint64_t{1} << 30;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string number(std::uint32_t field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string text(std::uint32_t field, std::string_view bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}
std::string repeated(const std::string& bytes, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

/// Of a message with names, points and numbers in it.
Status check(std::string_view bytes, std::uint64_t points = 4, std::uint64_t max_size = kMax) {
  WireBudget point{wire_varint(1, "x"), wire_fixed64(2, "y"), wire_bytes(3, "label", 5)};
  WireBudget list{wire_messages(1, "points", points, point), wire_varint(2, "kind")};
  WireBudget all{wire_varint(1, "version"), wire_message(2, "list", list),
                 wire_messages(3, "lists", 3, list), wire_varints(4, "numbers", 6),
                 wire_byte_strings(5, "names", 2, 10)};
  return check_wire(bytes, max_size, all);
}

TEST(WireBudgetTest, WhatIsWithinTheBudgetPasses) {
  const std::string point = number(1, UINT64_MAX) +
                            std::string("\x11 12345678", 9).replace(0, 2, "\x11") +
                            text(3, "label");
  EXPECT_TRUE(check("").ok());
  EXPECT_TRUE(check(number(1, 7) + text(2, text(1, number(1, 300)) + number(2, 1)) +
                    text(5, "0123456789") + text(5, ""))
                  .ok());
  EXPECT_TRUE(check(text(3, repeated(text(1, text(3, "label")), 4))).ok());
  EXPECT_FALSE(check(text(3, text(1, point + "x"))).ok());
}

TEST(WireBudgetTest, RepeatedMessagesAreCountedOverTheWholeInput) {
  const std::string two = repeated(text(1, ""), 2);
  EXPECT_TRUE(check(text(2, two) + text(3, two)).ok());
  const Status status = check(text(2, two) + text(3, two) + text(3, text(1, "")));
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(message_of(status).find("points"), std::string_view::npos) << status;
  EXPECT_FALSE(check(repeated(text(3, ""), 4)).ok());
}

TEST(WireBudgetTest, ElementsCountOneByOnePackedOrNot) {
  EXPECT_TRUE(check(text(4, std::string(6, '\1'))).ok());
  EXPECT_TRUE(check(text(4, varint(1u << 20) + varint(1u << 30)) + repeated(number(4, 5), 4)).ok());
  EXPECT_FALSE(check(text(4, std::string(7, '\1'))).ok());
  EXPECT_FALSE(check(text(4, std::string(3, '\1')) + repeated(number(4, 5), 4)).ok());
}

TEST(WireBudgetTest, StringsHaveTheirBounds) {
  EXPECT_FALSE(check(text(5, "0123456789a")).ok());
  EXPECT_FALSE(check(repeated(text(5, ""), 3)).ok());
  EXPECT_FALSE(check(text(2, text(1, text(3, "labels")))).ok());
  EXPECT_TRUE(check(text(5, "0123456789"), 4, 12).ok());
  EXPECT_FALSE(check(text(5, "0123456789"), 4, 11).ok());
}

TEST(WireBudgetTest, ASingularFieldComesOnceInAMessage) {
  EXPECT_FALSE(check(number(1, 1) + number(1, 1)).ok());
  EXPECT_FALSE(check(text(2, "") + text(2, "")).ok());
  EXPECT_TRUE(check(text(3, number(2, 1)) + text(3, number(2, 1))).ok());
}

TEST(WireBudgetTest, AFewUnknownFieldsPass) {
  EXPECT_TRUE(check(number(99, 1) + text(98, "new") + text(2, number(97, 3))).ok());
  EXPECT_TRUE(check(number(5, 1)).ok()) << "of another type it is another field";
  EXPECT_TRUE(check(repeated(number(99, 1), kMaxUnknownWireFields)).ok());
  EXPECT_FALSE(check(repeated(number(99, 1), kMaxUnknownWireFields + 1)).ok());
  EXPECT_TRUE(check(text(99, std::string(kMaxUnknownWireBytes, 'x'))).ok());
  EXPECT_FALSE(check(text(99, std::string(kMaxUnknownWireBytes + 1, 'x'))).ok());
  EXPECT_FALSE(check(text(3, repeated(number(99, 1), 600)) + repeated(text(98, ""), 600)).ok());
}

TEST(WireBudgetTest, WhatIsNoMessageIsRefused) {
  const std::string good = number(1, 300) + text(2, text(1, number(1, 300) + text(3, "label")));
  ASSERT_TRUE(check(good).ok());
  int whole = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    if (check(good.substr(0, size)).ok()) ++whole;
  }
  EXPECT_EQ(whole, 2) << "nothing, and the first field";
  EXPECT_FALSE(check(std::string("\0\0", 2)).ok()) << "field 0";
  EXPECT_FALSE(check("\x0B\x0C").ok()) << "a group";
  EXPECT_FALSE(check("\x0F").ok()) << "no type";
  EXPECT_FALSE(check("\x08" + std::string(10, '\xFF') + "\x01").ok()) << "eleven bytes";
  EXPECT_FALSE(check("\xFF\xFF\xFF\xFF\xFF\x01\x01").ok()) << "a number above 32 bits";
  EXPECT_FALSE(check("\x2A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").ok()) << "a length of 2^64";
}

TEST(WireBudgetTest, AVarintIsFoundBeforeTheRestIsRead) {
  EXPECT_EQ(find_wire_varint(text(2, number(1, 5)) + number(1, 7) + "\xFF", 1), 7u);
  EXPECT_EQ(find_wire_varint(text(1, "x"), 1), std::nullopt);
  EXPECT_EQ(find_wire_varint("\xFF", 1), std::nullopt);
  EXPECT_EQ(find_wire_varint("", 1), std::nullopt);
}

TEST(WireBudgetTest, TwiceAsMuchTakesTwiceAsLong) {
  constexpr std::size_t kCount = 20'000;
  const std::pair<const char*, std::string> kinds[] = {
      {"messages", text(3, text(1, number(1, 1) + text(3, "abc")))},
      {"packed numbers", text(4, std::string(100, '\1'))},
      {"strings", text(5, "name")},
      {"empty messages", text(3, "")}};
  for (const auto& [name, piece] : kinds) {
    const double ratio = testing::doubling_ratio(
        kCount, [&](std::size_t count) { return repeated(piece, count); },
        [](const std::string& bytes) {
          WireBudget point{wire_varint(1, "x"), wire_bytes(3, "label", 5)};
          WireBudget list{wire_messages(1, "points", kMax, point)};
          WireBudget all{wire_messages(3, "lists", kMax, list), wire_varints(4, "numbers", kMax),
                         wire_byte_strings(5, "names", kMax, 10)};
          ASSERT_TRUE(check_wire(bytes, kMax, all).ok());
        });
    EXPECT_LT(ratio, testing::kLinear) << name;
  }
}

}  // namespace
}  // namespace skerry
