// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_edit.h"

#include <gtest/gtest.h>

namespace skerry::files {
namespace {

TEST(TextEditTest, OnlyTheFirstIsReplaced) {
  const auto done = edited("a b a", {.old_text = "a", .new_text = "xyz"}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->text, "xyz b a");
  EXPECT_EQ(done->replacements, 1);
}

TEST(TextEditTest, AllAreReplacedOnceEach) {
  const auto done =
      edited("aaa", {.old_text = "a", .new_text = "aa", .which = TextEdit::Which::kAll}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->text, "aaaaaa");
  EXPECT_EQ(done->replacements, 3);
}

TEST(TextEditTest, SnippetHasTheLinesAround) {
  const auto done = edited("1\n2\n3\nold\n5\n6\n7\n", {.old_text = "old", .new_text = "new"}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->snippet, "2\n3\nnew\n5\n6\n");
  EXPECT_EQ(edited("old", {.old_text = "old", .new_text = ""}, 9)->snippet, "");
  EXPECT_EQ(edited("\nold\n", {.old_text = "old", .new_text = "n"}, 9)->snippet, "\nn\n");
}

TEST(TextEditTest, WhatCannotBeDoneIsRefused) {
  EXPECT_EQ(edited("a", {.old_text = "", .new_text = "b"}, 9).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(edited("a", {.old_text = "b", .new_text = "c"}, 9).status().code(),
            StatusCode::kFailedPrecondition);
  const TextEdit longer{.old_text = "a", .new_text = "bbbb", .which = TextEdit::Which::kAll};
  EXPECT_EQ(edited("aaa", longer, 11).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(edited("aaa", longer, 12).ok());
}

}  // namespace
}  // namespace skerry::files
