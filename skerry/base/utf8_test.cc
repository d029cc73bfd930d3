// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry {
namespace {

constexpr const char* kGood[] = {"",
                                 "plain",
                                 "\xC3\xA9",
                                 "\xE2\x82\xAC",
                                 "\xF0\x9F\x98\x80",
                                 "\xF4\x8F\xBF\xBF",
                                 "\xEE\x80\x80"};
constexpr const char* kBad[] = {"\x80",
                                "\xC3",
                                "\xC0\x80",
                                "\xC1\xBF",
                                "\xE0\x80\x80",
                                "\xED\xA0\x80",
                                "\xF0\x80\x80\x80",
                                "\xF4\x90\x80\x80",
                                "\xF5\x80\x80\x80",
                                "\xE2\x82",
                                "\xE2\x28\xA1",
                                "ok\xFF"};

TEST(Utf8Test, TellsGoodFromBad) {
  for (const char* good : kGood) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : kBad) EXPECT_FALSE(is_utf8(bad));
}

TEST(Utf8Test, WhatIsGoodStays) {
  for (const char* good : kGood) EXPECT_EQ(to_utf8(good), good);
}

TEST(Utf8Test, WhatIsBadIsReplaced) {
  EXPECT_EQ(to_utf8("ok\xFFok"), "ok\uFFFDok");
  EXPECT_EQ(to_utf8("\xE2\x82"), "\uFFFD\uFFFD");
  for (const char* bad : kBad) EXPECT_TRUE(is_utf8(to_utf8(bad)));
}

TEST(Utf8StreamTest, PiecesMayEndWithinACharacter) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Utf8Stream stream;
    std::string told;
    for (std::size_t at = 0; at < text.size(); at += size) {
      const std::string now = stream.take(text.substr(at, size));
      EXPECT_TRUE(is_utf8(now));
      told += now;
    }
    EXPECT_EQ(told + stream.finish(), text) << size;
  }
}

TEST(Utf8StreamTest, HoldsNoMoreThanACharactersBeginning) {
  Utf8Stream stream;
  EXPECT_EQ(stream.take("x\xE2\x82"), "x");
  EXPECT_EQ(stream.take("y"), "\uFFFD\uFFFDy");
  EXPECT_EQ(stream.take("\xF0\x9F\x98"), "");
  EXPECT_EQ(stream.finish(), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8StreamTest, ArbitraryBytesAreNeitherHeldNorLost) {
  Utf8Stream stream;
  for (const char* bad : kBad) {
    const std::string told = stream.take(bad);
    EXPECT_EQ(told + stream.finish(), to_utf8(bad));
  }
}

}  // namespace
}  // namespace skerry
