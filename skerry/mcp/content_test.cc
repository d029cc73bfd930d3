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

/// The blocks of a run as a client of the latest revision sees them, whose large images go nowhere.
ordered_json content_of(ordered_json& outcome) {
  return content_of_run(outcome, Revision::kJuly2026,
                        [](const std::string&, const std::string&) { return std::string(); });
}

TEST(ContentTest, ARunThatPrintsNothingSaysSo) {
  ordered_json outcome{{"outcome", "completed"}, {"stdout", ""}, {"result", nullptr}};
  EXPECT_EQ(content_of(outcome)[0]["text"], "[completed, without output]");
}

TEST(ContentTest, AHintThatIsPrintedIsNotRepeated) {
  ordered_json outcome{{"outcome", "failed"},
                       {"message", "E: x"},
                       {"stderr", "E: x\nhint: y\n"},
                       {"exception", {{"hint", "hint: y"}}}};
  EXPECT_EQ(content_of(outcome)[1]["text"], "[failed] E: x");
  outcome["exception"]["hint"] = "hint: z";
  EXPECT_EQ(content_of(outcome)[1]["text"], "[failed] E: x\nhint: z");
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
  const auto content = content_of(outcome);
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

TEST(ContentTest, ALargeImageIsALinkInRevisionsThatHaveThem) {
  for (const Revision revision : kRevisions) {
    ordered_json outcome{{"outcome", "completed"},
                         {"results",
                          {{{"data", {{"image/png", std::string(2 << 20, 'A')}}},
                            {"metadata", {{"width", 3}}},
                            {"is_result", false}}}}};
    std::size_t kept = 0;
    const auto keep = [&kept](const std::string& type, const std::string& base64) {
      EXPECT_EQ(type, "image/png");
      kept = base64.size();
      return std::string("skerry://images/1f");
    };
    const auto content = content_of_run(outcome, revision, keep);
    ASSERT_EQ(content.size(), 1U);
    EXPECT_EQ(kept, 2U << 20);
    if (revision >= Revision::kJune2025) {
      EXPECT_EQ(content[0]["type"], "resource_link");
      EXPECT_EQ(content[0]["uri"], "skerry://images/1f");
      EXPECT_EQ(content[0]["name"], "image.png");
      EXPECT_EQ(content[0]["mimeType"], "image/png");
      EXPECT_EQ(content[0]["size"], (2 << 20) / 4 * 3);
    } else {
      EXPECT_EQ(content[0]["type"], "text");
      EXPECT_THAT(content[0]["text"].get<std::string>(), HasSubstr("skerry://images/1f"));
      EXPECT_THAT(content[0]["text"].get<std::string>(), HasSubstr("image/png of 1572864 bytes"));
    }
    const auto& value = outcome["results"][0];
    EXPECT_FALSE(value["data"].contains("image/png"));
    EXPECT_EQ(value["metadata"]["links"]["image/png"], "skerry://images/1f");
    EXPECT_EQ(value["metadata"]["width"], 3);
  }
}

TEST(ContentTest, ALostSessionSaysWhy) {
  ordered_json outcome{{"outcome", "completed"},
                       {"stdout", "out"},
                       {"session", {{"notice", "began anew"}, {"message", "no room"}}}};
  const auto content = content_of(outcome);
  EXPECT_EQ(content[1]["text"], "began anew\nno room");
}

}  // namespace
}  // namespace skerry::mcp
