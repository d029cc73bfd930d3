// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/session_title.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::shannon {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  const auto title = session_title_of(text);
  EXPECT_FALSE(title.ok()) << *title;
  EXPECT_EQ(title.status().code(), StatusCode::kInvalidArgument);
  return std::string(message_of(title.status()));
}

TEST(SessionTitleTest, WhiteSpaceAroundAndControlCharactersGo) {
  EXPECT_EQ(session_title_of("  Quarterly\tre\nport \x7f ").value(), "Quarterlyreport");
  EXPECT_EQ(session_title_of("\u3000a  b\u00a0\u0085").value(), "a  b");
  EXPECT_EQ(session_title_of("\ufeffa\u200bb").value(), "ab");
}

TEST(SessionTitleTest, OtherCharactersStay) {
  for (const char* each : {"x", "日本語のタイトル", "\U0001F469\u200d\U0001F680", "é", "<b>\"'"}) {
    EXPECT_EQ(session_title_of(each).value(), each);
  }
}

TEST(SessionTitleTest, SixtyCharactersAreTakenAndNotOneMore) {
  std::string title;
  for (int i = 0; i < 60; ++i) title += "語";
  EXPECT_EQ(session_title_of(" " + title + " \n ").value(), title);
  EXPECT_THAT(refusal_of(title + "x"), HasSubstr("61 characters, expected 1 to 60"));
}

TEST(SessionTitleTest, ATitleOfNothingIsRefused) {
  for (const char* each : {"", "   ", "\t\n", "\u200b\ufeff", "\u3000"}) {
    EXPECT_THAT(refusal_of(each), HasSubstr("no characters"));
  }
}

}  // namespace
}  // namespace skerry::shannon
