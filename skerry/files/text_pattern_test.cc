// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::files {
namespace {

using Syntax = TextPattern::Syntax;

bool is_in(std::string_view pattern, TextPattern::Setting setting, std::string_view line) {
  const auto compiled = TextPattern::compile(pattern, setting);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok() && compiled->is_in(line);
}

TEST(TextPatternTest, LiteralsStandForThemselves) {
  EXPECT_TRUE(is_in("a.b*", {}, "xa.b*x"));
  EXPECT_FALSE(is_in("a.b", {}, "axb"));
}

TEST(TextPatternTest, BasicSyntaxTurnsOperatorsAround) {
  const TextPattern::Setting basic{.syntax = Syntax::kBasic};
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

TEST(TextPatternTest, PiecesAreFoundOneAfterTheOther) {
  const auto pattern = TextPattern::compile("a+", {.syntax = Syntax::kExtended});
  ASSERT_TRUE(pattern.ok());
  EXPECT_EQ(pattern->find("baab", 0), std::pair(std::size_t{1}, std::size_t{2}));
  EXPECT_EQ(pattern->find("baab", 3), std::nullopt);
}

}  // namespace
}  // namespace skerry::files
