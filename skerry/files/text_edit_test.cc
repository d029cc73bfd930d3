// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/text_edit.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/test_growth.h"

namespace skerry::files {
namespace {

Result<EditedText> edit(std::string_view text, const TextEdit& edit, std::size_t most) {
  Deadline deadline(Deadline::Clock::now() + std::chrono::seconds(60));
  return edited(text, edit, most, deadline);
}

TEST(TextEditTest, OnlyTheFirstIsReplaced) {
  const auto done = edit("a b a", {.old_text = "a", .new_text = "xyz"}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->text, "xyz b a");
  EXPECT_EQ(done->replacements, 1);
}

TEST(TextEditTest, AllAreReplacedOnceEach) {
  const auto done =
      edit("aaa", {.old_text = "a", .new_text = "aa", .which = TextEdit::Which::kAll}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->text, "aaaaaa");
  EXPECT_EQ(done->replacements, 3);
}

TEST(TextEditTest, SnippetHasTheLinesAround) {
  const auto done = edit("1\n2\n3\nold\n5\n6\n7\n", {.old_text = "old", .new_text = "new"}, 100);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->snippet, "2\n3\nnew\n5\n6\n");
  EXPECT_EQ(edit("old", {.old_text = "old", .new_text = ""}, 9)->snippet, "");
  EXPECT_EQ(edit("\nold\n", {.old_text = "old", .new_text = "n"}, 9)->snippet, "\nn\n");
}

TEST(TextEditTest, WhatCannotBeDoneIsRefused) {
  EXPECT_EQ(edit("a", {.old_text = "", .new_text = "b"}, 9).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(edit("a", {.old_text = "b", .new_text = "c"}, 9).status().code(),
            StatusCode::kFailedPrecondition);
  const TextEdit longer{.old_text = "a", .new_text = "bbbb", .which = TextEdit::Which::kAll};
  EXPECT_EQ(edit("aaa", longer, 11).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(edit("aaa", longer, 12).ok());
}

TEST(TextEditTest, TextThatIsNearlyFoundEverywhereTakesNoLonger) {
  const double growth = skerry::growth(
      std::size_t{256} << 10, [](std::size_t size) { return std::string(size, 'a'); },
      [](const std::string& text) {
        const std::string part = text.substr(0, text.size() / 2) + "b";
        const TextEdit all{.old_text = part, .new_text = "", .which = TextEdit::Which::kAll};
        EXPECT_EQ(edit(text, all, mib(10).value).status().code(), StatusCode::kFailedPrecondition);
      });
  EXPECT_LT(growth, kLinearGrowth);
}

TEST(TextEditTest, ManyReplacementsTakeNoLongerThanTheText) {
  if (kHasAddressSanitizer) GTEST_SKIP() << "its memmem checks the whole rest of the text";
  const double growth = skerry::growth(
      std::size_t{128} << 10, [](std::size_t size) { return std::string(size, 'a'); },
      [](const std::string& text) {
        const TextEdit all{.old_text = "a", .new_text = "bb", .which = TextEdit::Which::kAll};
        EXPECT_EQ(edit(text, all, mib(10).value)->replacements, text.size());
      });
  EXPECT_LT(growth, kLinearGrowth);
}

TEST(TextEditTest, TimeThatIsOverEndsIt) {
  Deadline deadline(Deadline::Clock::now());
  const std::string text(1 << 20, 'a');
  const TextEdit all{.old_text = "a", .new_text = "b", .which = TextEdit::Which::kAll};
  EXPECT_EQ(edited(text, all, mib(10).value, deadline).status().code(),
            StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace skerry::files
