// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/command_line.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::operation {
namespace {

/// The words between bars; or what is wrong.
std::string words(std::string_view text) {
  const auto parsed = parse_command_line(text);
  if (!parsed.ok()) return std::string(message_of(parsed.status()));
  std::string all;
  for (const Word& word : *parsed) all += (all.empty() ? "" : "|") + word.text;
  return all;
}

TEST(CommandLineTest, BlanksSeparateWords) {
  EXPECT_EQ(words("  ls \t -l  a.txt "), "ls|-l|a.txt");
}

TEST(CommandLineTest, QuotesKeepBlanks) {
  EXPECT_EQ(words("echo 'a  b' \"c d\" e\\ f"), "echo|a  b|c d|e f");
  EXPECT_EQ(words("echo a'b'\"c\"d ''"), "echo|abcd|");
  EXPECT_EQ(words("echo 'it'\\''s' \"a\\\"b\\\\\" 'a\\b'"), "echo|it's|a\"b\\|a\\b");
}

TEST(CommandLineTest, QuotedPatternsStandForThemselves) {
  const auto parsed = parse_command_line("ls *.txt '*.txt' \\*");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)[1].pattern, "*.txt");
  EXPECT_EQ((*parsed)[2].pattern, "\\*.txt");
  EXPECT_EQ((*parsed)[3].pattern, "\\*");
  EXPECT_EQ((*parsed)[3].text, "*");
}

TEST(CommandLineTest, MoreThanOneCommandIsNotAllowed) {
  for (const char* text :
       {"a | b", "a; b", "a && b", "a || b", "a > b", "a >> b", "a < b", "a $(b)", "a `b`", "a\nb",
        "a\rb", "a & b", "echo 'a|b'", "echo \"$(b)\""}) {
    const auto parsed = parse_command_line(text);
    EXPECT_EQ(parsed.status().code(), StatusCode::kPermissionDenied) << text;
    EXPECT_NE(message_of(parsed.status()).find("not allowed"), std::string_view::npos);
  }
  EXPECT_EQ(words("grep 'a&b' f"), "grep|a&b|f");
  EXPECT_EQ(words("echo $HOME ~ #"), "echo|$HOME|~|#");
}

TEST(CommandLineTest, WhatIsNoCommandIsRefused) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, "  "s, "echo 'a"s, "echo \"a"s, "a\0b"s, "a \xff"s, std::string(65537, 'a')}) {
    EXPECT_EQ(parse_command_line(text).status().code(), StatusCode::kInvalidArgument);
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "a ";
  EXPECT_EQ(parse_command_line(many).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace skerry::operation
