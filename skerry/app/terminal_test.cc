// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/terminal.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::app {
namespace {

TEST(TableTest, ColumnsAreAligned) {
  EXPECT_EQ(table({{"name", "ms", "n"}, {"fresh", "0.1", "10"}, {"x", "12.25", "1"}}),
            "name   ms     n\n"
            "fresh  0.1    10\n"
            "x      12.25  1\n");
}

TEST(TableTest, CharactersCountNotBytes) {
  EXPECT_EQ(table({{"é…", "a"}, {"xyz", "b"}}), "é…   a\nxyz  b\n");
}

TEST(TableTest, RowsMayBeShort) { EXPECT_EQ(table({{"a"}, {"b", "c"}, {}}), "a\nb  c\n\n"); }

TEST(TableTest, ControlCharactersDoNotReachTheTerminal) {
  EXPECT_EQ(table({{"a\nb\x1b[31m", "é\x7f"}}), "a b [31m  é \n");
  EXPECT_EQ(table({{"\u009bx\u202ey\u2066z\u2028", "→"}}), " x y z\u2028  →\n");
}

TEST(PlainTextTest, LinesAndTabsAreAndWhatMovesTheCursorIsNot) {
  EXPECT_TRUE(is_plain_text("one\ttwo\nGrüße →\n"));
  EXPECT_TRUE(is_plain_text(""));
  for (const char* text : {"\x1b[2J", "a\rb", "\u009b", "\u202e", "\xff"}) {
    EXPECT_FALSE(is_plain_text(text)) << text;
  }
}

TEST(ShortenedTest, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöü", 2), "äö…");
  EXPECT_EQ(shortened("", 0), "");
}

TEST(TableTest, NoRowsAreNoText) { EXPECT_EQ(table({}), ""); }

TEST(BarTest, LengthIsTheShareInEighths) {
  EXPECT_EQ(bar(1, 1, 4), "████");
  EXPECT_EQ(bar(1, 2, 4), "██");
  EXPECT_EQ(bar(1, 8, 1), "▏");
  EXPECT_EQ(bar(3, 8, 4), "█▌");
  EXPECT_EQ(bar(0, 1, 4), "");
}

TEST(BarTest, NothingToCompareWithIsNoBar) { EXPECT_EQ(bar(1, 0, 4), ""); }

TEST(BarTest, IsNeverWiderThanItsWidth) { EXPECT_EQ(bar(5, 1, 4), "████"); }

}  // namespace
}  // namespace skerry::app
