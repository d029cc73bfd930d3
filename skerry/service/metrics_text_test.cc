// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/metrics_text.h"

#include <cmath>

#include <gtest/gtest.h>

namespace skerry::service {
namespace {

TEST(MetricsTextTest, LinesAreReadAsTheFormatSays) {
  const auto lines = parse_metrics(
      "# HELP a What\n# TYPE a counter\n"
      "a 1\n\n  \n"
      "b{state=\"idle\",text=\"a \\\"b\\\" \\\\ \\n\"} 2.5e3 1700000000000\n"
      "c_bucket{le=\"+Inf\",} +Inf\r\nd NaN");
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 4);
  EXPECT_EQ((*lines)[0].name, "a");
  EXPECT_EQ((*lines)[0].value, 1);
  EXPECT_EQ((*lines)[1].labels.at("text"), "a \"b\" \\ \n");
  EXPECT_EQ((*lines)[1].value, 2500);
  EXPECT_EQ((*lines)[2].labels.at("le"), "+Inf");
  EXPECT_TRUE(std::isinf((*lines)[2].value));
  EXPECT_TRUE(std::isnan((*lines)[3].value));
  EXPECT_TRUE(parse_metrics("")->empty());
}

TEST(MetricsTextTest, WhatIsNoSuchFormatNamesTheLine) {
  for (const char* bad :
       {"a", "a one", "a 1 two", "a 1 2 3", "1a 1", "{} 1", "a{ 1", "a{x} 1", "a{x=1} 1",
        "a{x=\"1} 1", "a{x=\"\\q\"} 1", "a{x=\"1\",x=\"2\"} 1", "a{x=\"\\", "<html>", "a\xff 1"}) {
    const auto lines = parse_metrics(std::string("ok 1\n") + bad);
    EXPECT_EQ(lines.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(message_of(lines.status()).substr(0, 6), "line 2") << bad;
  }
}

TEST(MetricsTextTest, TooMuchOfItIsRefused) {
  std::string text;
  for (int i = 0; i <= 50'000; ++i) text += "a 1\n";
  EXPECT_FALSE(parse_metrics(text).ok());
  std::string labels = "a{";
  for (int i = 0; i < 17; ++i) labels += "l" + std::to_string(i) + "=\"\",";
  EXPECT_FALSE(parse_metrics(labels + "} 1").ok());
}

}  // namespace
}  // namespace skerry::service
