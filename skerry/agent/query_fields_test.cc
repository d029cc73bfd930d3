// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/query_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What is said to fields that are refused; empty for fields that are taken.
std::string refusal(json fields) {
  Request request;
  Status status = read_model_fields(fields, request);
  if (status.ok()) status = read_history(fields, request);
  for (const char* name : {"allowed_tools", "tools"}) {
    if (status.ok()) status = read_allowed_tools(fields, name, request);
  }
  if (status.ok()) status = read_calls(fields, "tool_calls", request).status();
  if (status.ok()) status = read_single_call(fields, request);
  return std::string(message_of(status));
}

TEST(QueryFieldsTest, CallsAreTakenInTheirOrder) {
  json fields = {{"tool_calls",
                  {{{"tool", "a"}, {"parameters", {{"x", 1}}}},
                   {{"tool_name", "b"}},
                   {{"name", "c"}, {"parameters", nullptr}}}}};
  Request request;
  EXPECT_TRUE(read_calls(fields, "tool_calls", request).value());
  ASSERT_EQ(request.calls.size(), 3U);
  EXPECT_EQ(request.calls[0].parameters, (json{{"x", 1}}));
  EXPECT_EQ(request.calls[1].tool, "b");
  EXPECT_EQ(request.calls[2].parameters, json::object());
  EXPECT_FALSE(read_calls(fields, "forced_tool_calls", request).value());
}

TEST(QueryFieldsTest, ParametersBesideTheToolOverrideNestedOnes) {
  json fields = {{"tool_parameters",
                  {{"tool", "a"},
                   {"name", "unused"},
                   {"code", "outer"},
                   {"parameters", {{"code", "inner"}, {"timeout", 3}}}}}};
  Request request;
  ASSERT_TRUE(read_single_call(fields, request).ok());
  EXPECT_EQ(request.calls.at(0).tool, "a");
  EXPECT_EQ(request.calls.at(0).parameters, (json{{"code", "outer"}, {"timeout", 3}}));
}

TEST(QueryFieldsTest, TheOnlyToolAllowedNeedsNoName) {
  json fields = {{"tool_parameters", {{"x", 1}}}};
  Request request;
  request.allowed_tools = {"only"};
  ASSERT_TRUE(read_single_call(fields, request).ok());
  EXPECT_EQ(request.calls.at(0).tool, "only");
  EXPECT_THAT(refusal({{"tool_parameters", {{"x", 1}}}}), HasSubstr("names no tool"));
}

TEST(QueryFieldsTest, OnlyWhatAllListsAllowIsAllowed) {
  Request request;
  request.allowed_tools = {"a", "b", "c"};
  ASSERT_TRUE(read_allowed_tools({{"allowed_tools", {"b", "c"}}}, "allowed_tools", request).ok());
  ASSERT_TRUE(read_allowed_tools({{"tools", {"c", "d"}}}, "tools", request).ok());
  EXPECT_THAT(*request.allowed_tools, ElementsAre("c"));
  Request none;
  ASSERT_TRUE(read_allowed_tools({{"allowed_tools", json::array()}}, "allowed_tools", none).ok());
  EXPECT_THAT(none.allowed_tools, ::testing::Optional(IsEmpty()));
}

TEST(QueryFieldsTest, AModelsFieldsAreRead) {
  Request request;
  ASSERT_TRUE(read_model_fields({{"model_tier", "small"},
                                 {"model_override", "m"},
                                 {"temperature", 0},
                                 {"max_tokens", 7.0}},
                                request)
                  .ok());
  EXPECT_EQ(request.tier, Tier::kSmall);
  EXPECT_EQ(request.model, "m");
  EXPECT_EQ(request.temperature, 0.0);
  EXPECT_EQ(request.max_tokens, 7);
}

TEST(QueryFieldsTest, NullIsAbsent) {
  json fields = json::object();
  for (const char* name : {"tool_calls", "tool_parameters", "allowed_tools", "tools", "model_tier",
                           "model_override", "temperature", "max_tokens", "history"}) {
    fields[name] = nullptr;
  }
  EXPECT_EQ(refusal(std::move(fields)), "");
}

TEST(QueryFieldsTest, WhatDoesNotFitIsRefusedByName) {
  const std::pair<json, const char*> cases[] = {
      {{{"tool_calls", 1}}, "tool_calls must be a list"},
      {{{"tool_calls", {"x"}}}, "an item of tool_calls must be an object"},
      {{{"tool_parameters", "x"}}, "tool_parameters must be an object"},
      {{{"allowed_tools", "x"}}, "allowed_tools must be a list of names"},
      {{{"tools", {1}}}, "tools must be a list of names"},
      {{{"model_tier", "huge"}}, "model_tier must be small, medium or large"},
      {{{"model_override", 1}}, "model_override must be a text"},
      {{{"temperature", "hot"}}, "temperature must be a number"},
      {{{"max_tokens", 1.5}}, "max_tokens must be an integer"},
      {{{"max_tokens", 1e300}}, "max_tokens must be an integer"},
      {{{"history", "x"}}, "context.history must be a list"},
      {{{"history", {1}}}, "an item of context.history"},
      {{{"history", std::vector<std::string>(1001, "x")}}, "at most 1000"},
  };
  for (const auto& [fields, said] : cases) EXPECT_THAT(refusal(fields), HasSubstr(said)) << fields;
}

}  // namespace
}  // namespace skerry::agent
