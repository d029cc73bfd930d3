// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/glob.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace skerry::files {
namespace {

TEST(GlobTest, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_matches("*.txt", "a.txt"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbbYc"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_TRUE(glob_matches("**a**", "bab"));
  EXPECT_FALSE(glob_matches("*.txt", "a.txt2"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("a", ""));
}

TEST(GlobTest, Brackets) {
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_TRUE(glob_matches("[!a-c]x", "dx"));
  EXPECT_TRUE(glob_matches("[^a]", "b"));
  EXPECT_TRUE(glob_matches("[]]", "]"));
  EXPECT_TRUE(glob_matches("[a-]", "-"));
  EXPECT_TRUE(glob_matches("[", "["));
  EXPECT_TRUE(glob_matches("[ab", "[ab"));
  EXPECT_FALSE(glob_matches("[a-c]", "d"));
  EXPECT_FALSE(glob_matches("[!a-c]", "a"));
}

TEST(GlobTest, BackslashesTakeMeaningsAway) {
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "a"));
  EXPECT_TRUE(glob_matches("\\[a]", "[a]"));
  EXPECT_TRUE(glob_matches("a\\", "a\\"));
  EXPECT_FALSE(is_glob("a\\*b"));
  EXPECT_TRUE(is_glob("a*b"));
}

TEST(GlobTest, CharactersCountAndNotBytes) {
  EXPECT_TRUE(glob_matches("?", "ß"));
  EXPECT_TRUE(glob_matches("[ä-ü]", "ö"));
  EXPECT_FALSE(glob_matches("??", "ß"));
  EXPECT_TRUE(glob_matches("*\xff", "a\xff"));
}

TEST(GlobTest, CaseCountsUnlessItIsIgnored) {
  EXPECT_FALSE(glob_matches("*.TXT", "a.txt"));
  EXPECT_TRUE(glob_matches("*.TXT", "a.txt", LetterCase::kIgnored));
  EXPECT_TRUE(glob_matches("[A-C]", "b", LetterCase::kIgnored));
}

TEST(GlobTest, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(4000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

}  // namespace
}  // namespace skerry::files
