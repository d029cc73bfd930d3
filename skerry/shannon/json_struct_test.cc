// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/json_struct.h"

#include <cmath>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

namespace skerry::shannon {
namespace {

using nlohmann::json;

TEST(JsonStructTest, AgreesWithProtobufsOwnForm) {
  for (const char* text :
       {R"({})", R"({"a":1.5,"b":"\u00e9","c":[true,null,{"d":[]}],"e":{"f":{}}})", R"({"":""})"}) {
    google::protobuf::Struct theirs;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &theirs).ok());
    EXPECT_EQ(json_of(google::protobuf::Struct(theirs)), json::parse(text));
    EXPECT_EQ(struct_of(json::parse(text)).SerializeAsString().size(),
              theirs.SerializeAsString().size());
    EXPECT_EQ(json_of(struct_of(json::parse(text))), json::parse(text));
  }
}

TEST(JsonStructTest, WhatIsNotSetIsNull) {
  EXPECT_TRUE(json_of(google::protobuf::Value()).is_null());
  EXPECT_EQ(value_of(nullptr).kind_case(), google::protobuf::Value::kNullValue);
}

TEST(JsonStructTest, NumbersAreDoubles) {
  EXPECT_EQ(value_of(7).number_value(), 7.0);
  EXPECT_EQ(value_of(UINT64_MAX).number_value(), 18446744073709551616.0);
  google::protobuf::Value nan;
  nan.set_number_value(NAN);
  EXPECT_TRUE(std::isnan(json_of(std::move(nan)).get<double>()));
}

}  // namespace
}  // namespace skerry::shannon
