// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/display.h"

#include <gtest/gtest.h>

namespace skerry::sandbox {
namespace {

using Kind = Display::Part::Kind;

Display with(std::string type, Kind kind, std::string content) {
  Display display;
  display.parts.push_back({.type = std::move(type), .kind = kind, .content = std::move(content)});
  return display;
}

TEST(DisplayTest, TakesWhatKeepsTheRules) {
  EXPECT_TRUE(text_display("4", true).check().ok());
  EXPECT_TRUE(with("image/png", Kind::kBinary, "\x89PNG\xff").check().ok());
  EXPECT_TRUE(with("image/svg+xml", Kind::kText, "<svg/>").check().ok());
  EXPECT_TRUE(
      with("application/vnd.vega.v5+json", Kind::kJson, R"({"a": [1, null]})").check().ok());
  EXPECT_TRUE(with("text/plain; charset=utf-8", Kind::kText, "").check().ok());
  EXPECT_TRUE(
      with("text/plain", Kind::kText, std::string(Display::kMaxBytes - 10, 'a')).check().ok());
}

TEST(DisplayTest, RefusesWhatBreaksThem) {
  EXPECT_FALSE(Display().check().ok());
  for (const char* type : {"", "text", "/plain", "text/", "te xt/plain", "text/plain\n",
                           "text/pl\xc3\xa4in", "a/b;\x7f"}) {
    EXPECT_FALSE(with(type, Kind::kText, "").check().ok()) << type;
  }
  EXPECT_FALSE(with("text/" + std::string(123, 'a'), Kind::kText, "").check().ok());
  EXPECT_FALSE(with("text/html", Kind::kText, "\xff").check().ok());
  EXPECT_FALSE(with("application/json", Kind::kJson, "{").check().ok());
  EXPECT_FALSE(with("application/json", Kind::kJson, "NaN").check().ok());
  EXPECT_FALSE(with("application/json", Kind::kJson, std::string(100, '[')).check().ok());
  EXPECT_FALSE(
      with("application/json", Kind::kJson, "\"" + std::string(Display::kMaxJson, 'a') + "\"")
          .check()
          .ok());
  EXPECT_FALSE(with("text/plain", Kind::kText, std::string(Display::kMaxBytes, 'a')).check().ok());
  Display twice = text_display("a", false);
  twice.parts.push_back(twice.parts[0]);
  EXPECT_FALSE(twice.check().ok());
  Display many = text_display("a", false);
  for (int i = 0; i < 32; ++i)
    many.parts.push_back({.type = "text/x" + std::to_string(i), .content = {}});
  EXPECT_FALSE(many.check().ok());
  many.parts.pop_back();
  EXPECT_TRUE(many.check().ok());
  for (const char* object : {"1", "[]", "null", "{\"a\":1"}) {
    Display display = text_display("a", false);
    display.metadata = object;
    EXPECT_FALSE(display.check().ok()) << object;
    display.metadata = "{}";
    display.chart = object;
    EXPECT_FALSE(display.check().ok()) << object;
  }
}

TEST(DisplayQuotaTest, CountsBundlesAndTheirBytes) {
  DisplayQuota bytes;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(bytes.take(Display::kMaxBytes));
  EXPECT_FALSE(bytes.take(1));
  DisplayQuota count;
  for (std::size_t i = 0; i < Display::kMaxCount; ++i) EXPECT_TRUE(count.take(1));
  EXPECT_FALSE(count.take(1));
}

}  // namespace
}  // namespace skerry::sandbox
