// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/text_format.h"

#include <gtest/gtest.h>

namespace skerry::run {
namespace {

std::string refusal(const char* format, const std::string& text) {
  const TextFormat* found = find_text_format(format);
  if (found == nullptr) return "no such format";
  const Status status = found->check(text);
  return status.ok() ? "" : std::string(message_of(status));
}

TEST(TextFormatTest, EachTakesWhatItIsAndSaysWhatItMustBe) {
  EXPECT_EQ(refusal("session_name", "work.1"), "");
  EXPECT_TRUE(refusal("session_name", "../x").starts_with("a session's name has 1 to 128 letters"));
  EXPECT_TRUE(refusal("session_name", "").starts_with("a session's name has"));
  EXPECT_EQ(refusal("label", "good"), "");
  EXPECT_EQ(refusal("label", ""), "label must be a text that is not empty");
  EXPECT_EQ(refusal("revision", "1"), "");
  EXPECT_EQ(refusal("revision", ""), "a revision's number or label is empty");
}

TEST(TextFormatTest, AnUnknownOneIsNone) {
  EXPECT_EQ(find_text_format(""), nullptr);
  EXPECT_EQ(find_text_format("colour"), nullptr);
}

}  // namespace
}  // namespace skerry::run
