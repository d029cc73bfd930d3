// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/message_budget.h"

#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include "skerry/base/test_growth.h"

namespace skerry::grpc {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Value;
using ::testing::HasSubstr;

std::string list_of(std::size_t values) {
  ListValue list;
  for (std::size_t i = 0; i < values; ++i) list.add_values();
  return list.SerializeAsString();
}

std::string nested(int depth) {
  Value value;
  Value* inner = &value;
  for (int i = 0; i < depth; ++i) inner = inner->mutable_list_value()->add_values();
  return value.SerializeAsString();
}

TEST(MessageBudgetTest, ValuesAreCountedAtAnyDepth) {
  EXPECT_TRUE(check_message(list_of(kMaxValues), *ListValue::descriptor()).ok());
  const Status much = check_message(list_of(kMaxValues + 1), *ListValue::descriptor());
  EXPECT_EQ(much.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(much.message(), HasSubstr("100000 values"));
  // A text of the same bytes is one value.
  Value text;
  text.set_string_value(std::string(list_of(kMaxValues + 1).size(), '\n'));
  EXPECT_TRUE(check_message(text.SerializeAsString(), *Value::descriptor()).ok());
}

TEST(MessageBudgetTest, DepthIsBoundedAsProtobufsIs) {
  for (const int depth : {10, 40, 49, 60, 2000}) {
    const std::string bytes = nested(depth);
    EXPECT_EQ(check_message(bytes, *Value::descriptor()).ok(), Value().ParseFromString(bytes))
        << depth;
  }
}

TEST(MessageBudgetTest, WhatIsNoMessageIsRefused) {
  const std::string whole = nested(3);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto piece = whole.substr(0, size);
    EXPECT_EQ(check_message(piece, *Value::descriptor()).ok(), Value().ParseFromString(piece));
  }
  EXPECT_FALSE(check_message("\x32\x7f\x0a", *Value::descriptor()).ok());
  EXPECT_TRUE(check_message("", *Value::descriptor()).ok());
}

TEST(MessageBudgetTest, TimeIsLinear) {
  const auto count = [](const std::string& bytes) {
    (void)check_message(bytes, *ListValue::descriptor());
  };
  EXPECT_LT(growth(40'000, list_of, count), kLinearGrowth);
}

}  // namespace
}  // namespace skerry::grpc
