// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/content.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/utf8.h"

namespace skerry::mcp {
namespace {

using nlohmann::ordered_json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ContentTest, OfALongTextBothEndsAreShownInWholeCharacters) {
  std::string text = "begin";
  while (text.size() < 400'000) text += "é";
  text += "end";
  const std::string shown = text_block(text)["text"];
  EXPECT_LT(shown.size(), 300'000U);
  EXPECT_TRUE(is_utf8(shown));
  EXPECT_EQ(shown.find("\xEF\xBF\xBD"), shown.npos);
  EXPECT_THAT(shown, StartsWith("begin"));
  EXPECT_THAT(shown, EndsWith("end"));
  EXPECT_THAT(shown, HasSubstr("bytes are left out here"));
}

TEST(ContentTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(text_block("a\xFF")["text"], "a\xEF\xBF\xBD");
}

TEST(ContentTest, ARunThatPrintsNothingSaysSo) {
  ordered_json outcome{{"outcome", "completed"}, {"stdout", ""}, {"result", nullptr}};
  EXPECT_EQ(content_of_run(outcome)[0]["text"], "[completed, without output]");
}

TEST(ContentTest, AHintThatIsPrintedIsNotRepeated) {
  ordered_json outcome{{"outcome", "failed"},
                       {"message", "E: x"},
                       {"stderr", "E: x\nhint: y\n"},
                       {"exception", {{"hint", "hint: y"}}}};
  EXPECT_EQ(content_of_run(outcome)[1]["text"], "[failed] E: x");
  outcome["exception"]["hint"] = "hint: z";
  EXPECT_EQ(content_of_run(outcome)[1]["text"], "[failed] E: x\nhint: z");
}

TEST(ContentTest, ImagesAreBlocksOfTheirOwnUpToASize) {
  const auto value = [](const char* text, std::string image, bool is_result) {
    return ordered_json{
        {"data", {{"text/plain", text}, {"text/html", "<b>"}, {"image/png", std::move(image)}}},
        {"metadata", ordered_json::object()},
        {"is_result", is_result}};
  };
  ordered_json outcome{
      {"outcome", "completed"},
      {"stdout", "out"},
      {"result", "figure"},
      {"results",
       {value("shown", "iVBO", false), value("figure", std::string(2 << 20, 'A'), true)}}};
  const auto content = content_of_run(outcome);
  ASSERT_EQ(content.size(), 5U);
  EXPECT_EQ(content[1]["text"], "figure");
  EXPECT_EQ(content[2]["text"], "shown");
  EXPECT_EQ(content[3],
            (ordered_json{{"type", "image"}, {"data", "iVBO"}, {"mimeType", "image/png"}}));
  EXPECT_THAT(content[4]["text"].get<std::string>(), HasSubstr("is larger than an answer shows"));
  for (const auto& each : outcome["results"]) {
    EXPECT_FALSE(each["data"].contains("image/png"));
    EXPECT_TRUE(each["data"].contains("text/html"));
    EXPECT_EQ(each["metadata"]["in_content"], ordered_json::array({"image/png"}));
  }
}

TEST(ContentTest, ALostSessionSaysWhy) {
  ordered_json outcome{{"outcome", "completed"},
                       {"stdout", "out"},
                       {"session", {{"notice", "began anew"}, {"message", "no room"}}}};
  const auto content = content_of_run(outcome);
  EXPECT_EQ(content[1]["text"], "began anew\nno room");
}

}  // namespace
}  // namespace skerry::mcp
