// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/glob.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"

namespace skerry::files {
namespace {

bool matches(std::string_view pattern, std::string_view name,
             LetterCase letters = LetterCase::kKept) {
  const auto glob = Glob::parse(pattern, letters);
  EXPECT_TRUE(glob.ok()) << glob.status();
  return glob.ok() && glob->matches(name);
}

TEST(GlobTest, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches("*.txt", "a.txt"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "aXbbYc"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_TRUE(matches("**a**", "bab"));
  EXPECT_FALSE(matches("*.txt", "a.txt2"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a", ""));
}

TEST(GlobTest, Brackets) {
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_TRUE(matches("[!a-c]x", "dx"));
  EXPECT_TRUE(matches("[^a]", "b"));
  EXPECT_TRUE(matches("[]]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("[", "["));
  EXPECT_TRUE(matches("[ab", "[ab"));
  EXPECT_FALSE(matches("[a-c]", "d"));
  EXPECT_FALSE(matches("[!a-c]", "a"));
}

TEST(GlobTest, BackslashesTakeMeaningsAway) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "a"));
  EXPECT_TRUE(matches("\\[a]", "[a]"));
  EXPECT_TRUE(matches("a\\", "a\\"));
  EXPECT_FALSE(is_glob("a\\*b"));
  EXPECT_TRUE(is_glob("a*b"));
}

TEST(GlobTest, CharactersCountAndNotBytes) {
  EXPECT_TRUE(matches("?", "ß"));
  EXPECT_TRUE(matches("[ä-ü]", "ö"));
  EXPECT_FALSE(matches("??", "ß"));
  EXPECT_TRUE(matches("*\xff", "a\xff"));
}

TEST(GlobTest, CaseCountsUnlessItIsIgnored) {
  EXPECT_FALSE(matches("*.TXT", "a.txt"));
  EXPECT_TRUE(matches("*.TXT", "a.txt", LetterCase::kIgnored));
  EXPECT_TRUE(matches("[A-C]", "b", LetterCase::kIgnored));
}

TEST(GlobTest, BytesThatAreNotUtf8AreCharacters) {
  EXPECT_TRUE(matches("[\xfe-\xff]", "\xff"));
  EXPECT_FALSE(matches("[!\xff]", "\xff"));
  EXPECT_TRUE(matches("[!a-zß]", "ä"));
  EXPECT_FALSE(matches("[!a-zß]", "ß"));
}

TEST(GlobTest, APatternLongerThanAPathIsRefused) {
  EXPECT_TRUE(Glob::parse(std::string(Glob::kMaxLength, 'a')).ok());
  EXPECT_EQ(Glob::parse(std::string(Glob::kMaxLength + 1, '*')).status().code(),
            StatusCode::kInvalidArgument);
}

// Of each kind of pattern the one that is slowest to tell that it does not match.
class HostileGlob : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileGlob, TakesTimeInProportionToTheName) {
  std::string pattern;
  while (pattern.size() < 1000) pattern += GetParam();
  const Glob glob = Glob::parse(pattern + "b").value();
  const double growth = skerry::growth(
      8192, [](std::size_t size) { return std::string(size, 'a'); },
      [&](const std::string& name) { EXPECT_FALSE(glob.matches(name)); });
  EXPECT_LT(growth, kLinearGrowth);
}

TEST_P(HostileGlob, IsParsedInTimeInProportionToItsLength) {
  const double growth = skerry::growth(
      Glob::kMaxLength / 2,
      [](std::size_t size) {
        std::string pattern;
        while (pattern.size() + std::string_view(GetParam()).size() <= size) pattern += GetParam();
        return pattern;
      },
      [](const std::string& pattern) { EXPECT_TRUE(Glob::parse(pattern).ok()); });
  EXPECT_LT(growth, kLinearGrowth);
}

INSTANTIATE_TEST_SUITE_P(GlobTest, HostileGlob,
                         ::testing::Values("*a", "*?", "*[a-z]", "[", "*[!", "*[ab-", "?*"));

}  // namespace
}  // namespace skerry::files
