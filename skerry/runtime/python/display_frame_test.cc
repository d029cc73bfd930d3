// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/display_frame.h"

#include <gtest/gtest.h>

namespace skerry::runtime::python {
namespace {

using Kind = sandbox::Display::Part::Kind;

TEST(DisplayFrameTest, TakesPartsInTheirOrder) {
  const auto whole = parse_display_frame(
      std::string(
          "{\"parts\": [[\"text/plain\", \"text\", 2], [\"image/png\", \"binary\", 3], "
          "[\"application/json\", \"json\", 7]], \"is_result\": true, \"metadata\": \"{}\", "
          "\"chart\": \"{\\\"type\\\":1}\"}\nhi") +
      std::string("\xff\0\x01", 3) + "{\"a\":1}");
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(whole->parts.size(), 3U);
  EXPECT_EQ(whole->parts[0].content, "hi");
  EXPECT_EQ(whole->parts[1].kind, Kind::kBinary);
  EXPECT_EQ(whole->parts[1].content, std::string("\xff\0\x01", 3));
  EXPECT_EQ(whole->parts[2].content, "{\"a\":1}");
  EXPECT_TRUE(whole->is_result);
  EXPECT_EQ(whole->metadata, "{}");
  EXPECT_EQ(whole->chart, "{\"type\":1}");
}

TEST(DisplayFrameTest, RefusesAnythingElse) {
  for (const char* frame :
       {"", "{}", "{}\n", "{\"parts\": []}\n", "{\"parts\": 1}\n", "[]\n",
        "{\"parts\": [[\"text/plain\", \"text\", 2]]}\na",
        "{\"parts\": [[\"text/plain\", \"text\", 1]]}\nab",
        "{\"parts\": [[\"text/plain\", \"texts\", 1]]}\na",
        "{\"parts\": [[\"text/plain\", \"text\", -1]]}\na",
        "{\"parts\": [[\"text/plain\", \"text\"]]}\na",
        "{\"parts\": [[\"text/plain\", \"text\", 1], [\"text/plain\", \"text\", 1]]}\nab",
        "{\"parts\": [[\"text/plain\", \"text\", 1]], \"metadata\": \"1\"}\na",
        "{\"parts\": [[\"text/plain\", \"text\", 18446744073709551615]]}\na",
        "{\"parts\": [[\"application/json\", \"json\", 1]]}\n{"}) {
    EXPECT_FALSE(parse_display_frame(frame).ok()) << frame;
  }
}

}  // namespace
}  // namespace skerry::runtime::python
