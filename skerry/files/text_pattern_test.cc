// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_pattern.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"

namespace skerry::files {
namespace {

using Syntax = TextPattern::Syntax;

Deadline in_a_minute() { return Deadline(Deadline::Clock::now() + std::chrono::seconds(60)); }

bool is_in(std::string_view pattern, TextPattern::Options options, std::string_view line) {
  const auto compiled = TextPattern::compile(pattern, options);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  Deadline deadline = in_a_minute();
  return compiled.ok() && compiled->is_in(line, deadline).value();
}

/// The pieces, and bars between them.
std::string pieces(std::string_view pattern, std::string_view line,
                   TextPattern::Options options = {.syntax = Syntax::kExtended}) {
  const auto compiled = TextPattern::compile(pattern, options).value();
  Deadline deadline = in_a_minute();
  TextPattern::Matches matches(compiled, line, deadline);
  std::string all;
  for (;;) {
    const auto piece = matches.next().value();
    if (!piece) return all;
    all += (all.empty() ? "" : "|") + std::string(*piece);
  }
}

TEST(TextPatternTest, LiteralsStandForThemselves) {
  EXPECT_TRUE(is_in("a.b*", {}, "xa.b*x"));
  EXPECT_FALSE(is_in("a.b", {}, "axb"));
}

TEST(TextPatternTest, BasicSyntaxTurnsOperatorsAround) {
  const TextPattern::Options basic{.syntax = Syntax::kBasic};
  EXPECT_TRUE(is_in("a+(b)", basic, "a+(b)"));
  EXPECT_TRUE(is_in("a\\+b", basic, "aaab"));
  EXPECT_TRUE(is_in("\\(ab\\)\\{2\\}", basic, "abab"));
  EXPECT_TRUE(is_in("*a", basic, "*a"));
  EXPECT_TRUE(is_in("^*a", basic, "*a"));
  EXPECT_TRUE(is_in("[[:digit:]+]x", basic, "+x"));
  EXPECT_TRUE(is_in("a\\.b", basic, "a.b"));
  EXPECT_FALSE(is_in("a\\.b", basic, "axb"));
}

TEST(TextPatternTest, ExtendedSyntaxHasOperators) {
  EXPECT_TRUE(is_in("(ab)+|c{2}", {.syntax = Syntax::kExtended}, "xcc"));
}

TEST(TextPatternTest, CaseWordsAndLines) {
  EXPECT_TRUE(is_in("ABC", {.letters = LetterCase::kIgnored}, "xabcx"));
  EXPECT_FALSE(is_in("abc", {.extent = TextPattern::Extent::kWord}, "xabcx"));
  EXPECT_TRUE(is_in("abc", {.extent = TextPattern::Extent::kWord}, "x abc x"));
  EXPECT_FALSE(is_in("abc", {.extent = TextPattern::Extent::kLine}, "abcx"));
}

TEST(TextPatternTest, WhatIsNoPatternIsRefused) {
  for (const char* text : {"(", "[a", "a{99999}", "(?=a)", "((((a{1000}){1000}){1000})"}) {
    EXPECT_EQ(TextPattern::compile(text, {.syntax = Syntax::kExtended}).status().code(),
              StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_FALSE(TextPattern::compile("\\", {.syntax = Syntax::kBasic}).ok());
}

TEST(TextPatternTest, PiecesAreFoundFromLeftToRight) {
  EXPECT_EQ(pieces("a+", "baabca"), "aa|a");
  EXPECT_EQ(pieces("a*", "baabca"), "aa|a") << "and empty ones are left out";
  EXPECT_EQ(pieces("^a|b$", "aab ab"), "a|b");
  EXPECT_EQ(pieces("\\bab", "ab cab ab"), "ab|ab");
  EXPECT_EQ(pieces(".", "äb"), "ä|b");
  EXPECT_EQ(pieces("x", ""), "");
}

TEST(TextPatternTest, ALongLineIsSearchedToItsEnd) {
  std::string line(3 << 20, 'a');
  line.replace(line.size() - 3, 3, "xyz");
  EXPECT_TRUE(is_in("xyz", {}, line));
  EXPECT_TRUE(is_in("z$", {.syntax = Syntax::kExtended}, line));
  EXPECT_FALSE(is_in("a$", {.syntax = Syntax::kExtended}, line)) << "where a window ends";
  EXPECT_FALSE(is_in("^xyz", {.syntax = Syntax::kExtended}, line));
  EXPECT_EQ(pieces("x|yz", line), "x|yz");
  // A match across the end of a window.
  line[(1 << 20) - 1] = 'x';
  line[1 << 20] = 'q';
  EXPECT_TRUE(is_in("xq", {}, line));
}

TEST(TextPatternTest, PiecesOfALineWithManyAreWhole) {
  std::string line;
  for (int i = 0; i < 20'000; ++i) line += "\"name\": \"" + std::string(1 + i % 40, 'v') + "\", ";
  const std::string long_piece(50'000, 'v');
  line += "\"name\": \"" + long_piece + "\"";
  const std::string found = pieces("\"name\": \"[^\"]*\"", line);
  EXPECT_EQ(static_cast<int>(std::count(found.begin(), found.end(), '|')), 20'000);
  EXPECT_TRUE(found.ends_with("|\"name\": \"" + long_piece + "\""));
}

struct Hostile {
  const char* pattern;
  const char* text;  // repeated
};

class HostilePattern : public ::testing::TestWithParam<Hostile> {
 protected:
  static std::string text(std::size_t size) {
    std::string line;
    while (line.size() < size) line += GetParam().text;
    return line;
  }
};

TEST_P(HostilePattern, IsSearchedForInTimeInProportionToTheLine) {
  const TextPattern pattern =
      TextPattern::compile(GetParam().pattern, {.syntax = Syntax::kExtended}).value();
  const double growth = skerry::growth(std::size_t{128} << 10, text, [&](const std::string& line) {
    Deadline deadline = in_a_minute();
    EXPECT_TRUE(pattern.is_in(line, deadline).ok());
  });
  EXPECT_LT(growth, kLinearGrowth);
}

TEST_P(HostilePattern, HasItsPiecesFoundInTimeInProportionToTheLine) {
  const double growth = skerry::growth(std::size_t{32} << 10, text, [](const std::string& line) {
    (void)pieces(GetParam().pattern, line);
  });
  EXPECT_LT(growth, kLinearGrowth);
}

INSTANTIATE_TEST_SUITE_P(TextPatternTest, HostilePattern,
                         ::testing::Values(Hostile{"(a.*y)?", "a"}, Hostile{"a.*y|a", "a"},
                                           Hostile{"(a*)*y", "a"}, Hostile{"a{1,100}y", "a"},
                                           Hostile{".*x", "ab"}, Hostile{"(x+x+)+y", "x"},
                                           Hostile{"a", "a"}, Hostile{"[a-q][^u-z]{13}x", "abc"}));

TEST(TextPatternTest, TimeThatIsOverEndsASearch) {
  const TextPattern pattern = TextPattern::compile("a", {}).value();
  Deadline over(Deadline::Clock::now());
  EXPECT_EQ(pattern.is_in("b", over).status().code(), StatusCode::kDeadlineExceeded);
  Deadline also_over(Deadline::Clock::now());
  TextPattern::Matches matches(pattern, "aaa", also_over);
  EXPECT_EQ(matches.next().status().code(), StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace skerry::files
