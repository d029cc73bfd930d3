// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_fields.h"

#include <gtest/gtest.h>

namespace skerry {
namespace {

using nlohmann::json;

const json kObject = {{"text", "t"}, {"yes", true}, {"nothing", nullptr}, {"number", 1}};

TEST(JsonFieldsTest, NullIsAbsent) {
  EXPECT_EQ(field(kObject, "nothing"), nullptr);
  EXPECT_EQ(field(kObject, "none"), nullptr);
  ASSERT_NE(field(kObject, "number"), nullptr);
  EXPECT_EQ(text_field(kObject, "nothing").value(), "");
  EXPECT_FALSE(bool_field(kObject, "nothing").value());
}

TEST(JsonFieldsTest, ReadsWhatIsThere) {
  EXPECT_EQ(text_field(kObject, "text").value(), "t");
  EXPECT_EQ(text_at(kObject, "text"), "t");
  EXPECT_EQ(text_at(kObject, "number"), "");
  EXPECT_TRUE(bool_field(kObject, "yes").value());
}

TEST(JsonFieldsTest, AnotherTypeIsRefusedByName) {
  EXPECT_EQ(text_field(kObject, "number").status(),
            absl::InvalidArgumentError("number must be a text"));
  EXPECT_EQ(bool_field(kObject, "text").status(),
            absl::InvalidArgumentError("text must be true or false"));
}

}  // namespace
}  // namespace skerry
