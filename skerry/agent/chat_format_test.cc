// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/chat_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Result<ModelReply> streamed(const std::vector<std::string>& events, TextCallback seen = {}) {
  ReplyReader reader(std::move(seen));
  for (const std::string& each : events) SKERRY_TRY(reader.take_event(each));
  return reader.finish();
}

Result<ModelReply> whole(const std::string& body) {
  ReplyReader reader({});
  SKERRY_TRY(reader.take_whole(body));
  return reader.finish();
}

std::string choice(const std::string& message, const std::string& reason) {
  return R"({"choices":[{"message":)" + message + R"(,"finish_reason":)" + reason + "}]}";
}

TEST(RequestBodyTest, SaysWhatOpenAiExpects) {
  ModelRequest request{.model = "m"};
  request.messages = {{.role = Role::kSystem, .content = "s"},
                      {.role = Role::kUser, .content = "q"},
                      {.role = Role::kAssistant, .calls = {{"c1", "calculator", "{}"}}},
                      {.role = Role::kTool, .content = "4", .call_id = "c1"}};
  request.tools.push_back({{"name", "calculator"}, {"parameters", json::object()}});
  request.temperature = 0.5;
  request.max_tokens = 9;
  const json body = json::parse(request_body(request, Delivery::kStreamed));
  EXPECT_EQ(body["messages"][2]["tool_calls"][0]["function"]["name"], "calculator");
  EXPECT_EQ(body["messages"][2]["content"], nullptr);
  EXPECT_EQ(body["messages"][3]["tool_call_id"], "c1");
  EXPECT_EQ(body["tools"][0]["type"], "function");
  EXPECT_FALSE(body.contains("tool_choice"));
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  EXPECT_EQ(body["max_tokens"], 9);
  request.may_call = false;
  const json last = json::parse(request_body(request, Delivery::kWhole));
  EXPECT_EQ(last["tool_choice"], "none");
  EXPECT_EQ(last["stream"], false);
  EXPECT_FALSE(last.contains("stream_options"));
}

TEST(ReplyReaderTest, ContentAndUsageOfAStreamArePutTogether) {
  std::string seen;
  const auto reply = streamed(
      {R"({"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
       R"({"choices":[{"delta":{"content":"Hel"}}]})",
       R"({"choices":[{"delta":{"content":"lo"}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
       R"({"choices":null,"usage":{"prompt_tokens":7,"completion_tokens":2}})", "[DONE]",
       "whatever comes then"},
      [&](std::string_view text) { seen += text; });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "Hello");
  EXPECT_EQ(seen, "Hello");
  EXPECT_EQ(reply->model, "m-1");
  EXPECT_EQ(reply->usage.input, 7);
  EXPECT_EQ(reply->usage.output, 2);
}

TEST(ReplyReaderTest, CallsOfAStreamArePutTogetherByTheirIndex) {
  const auto reply = streamed(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->calls.size(), 2U);
  EXPECT_EQ(reply->calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(reply->calls[1].tool, "g");
}

TEST(ReplyReaderTest, CallsWithoutAnIdOrWithOnesThatRepeatGetTheirOwn) {
  const auto reply = whole(choice(R"({"content":null,"tool_calls":[
      {"function":{"name":"f","arguments":"{}"}},
      {"id":"call_1","function":{"name":"g","arguments":{"x":1}}},
      {"id":"call_1","function":{"name":"h"}}]})",
                                  R"("stop")"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->calls.size(), 3U);
  EXPECT_EQ(reply->calls[0].id, "call_1");
  EXPECT_EQ(reply->calls[1].id, "call_1_2");
  EXPECT_EQ(reply->calls[2].id, "call_1_3");
  EXPECT_EQ(reply->calls[1].arguments, R"({"x":1})");
}

TEST(ReplyReaderTest, WhatCannotBeUnderstoodSaysWhy) {
  const std::string many(17, 'x');
  std::string calls;
  for (char each : many)
    calls += std::string(calls.empty() ? "" : ",") + R"({"function":{"name":")" + each + R"("}})";
  const std::pair<std::string, const char*> lies[] = {
      {"", "not JSON"},
      {"[]", "must be a JSON object"},
      {"<html>", "not JSON"},
      {R"({"choices":[]})", "no choices"},
      {R"({"choices":{}})", "choices is no list"},
      {R"({"choices":[1]})", "a choice is no object"},
      {R"({"choices":[{}]})", "no message"},
      {R"({"choices":[{"message":"hi"}]})", "message is no object"},
      {choice(R"({"content":["hi"]})", R"("stop")"), "content is no text"},
      {choice(R"({"content":"hi"})", "null"), "without a finish_reason"},
      {choice(R"({"content":"hi"})", R"("done_i_think")"), "done_i_think"},
      {choice(R"({"content":"hi"})", "7"), "finish_reason is no text"},
      {choice(R"({"content":"hi"})", R"("tool_calls")"), "there is no call"},
      {choice(R"({"tool_calls":{}})", R"("tool_calls")"), "tool_calls is no list"},
      {choice(R"({"tool_calls":[7]})", R"("tool_calls")"), "a call is no object"},
      {choice(R"({"tool_calls":[{"id":"x"}]})", R"("tool_calls")"), "names no tool"},
      {choice(R"({"tool_calls":[{"index":5,"function":{"name":"f"}}]})", R"("tool_calls")"),
       "leaves others out"},
      {choice(R"({"tool_calls":[{"index":-1,"function":{"name":"f"}}]})", R"("tool_calls")"),
       "no count"},
      {choice(R"({"tool_calls":[{"function":{"name":"f","arguments":7}}]})", R"("tool_calls")"),
       "arguments are no text"},
      {choice(R"({"tool_calls":[)" + calls + "]}", R"("tool_calls")"), "more than 16 calls"},
      {choice(R"({"content":")" + std::string((1 << 20) + 1, 'x') + R"("})", R"("stop")"),
       "bytes of content"},
      {R"({"error":{"message":"overloaded"}})", "breaks off: overloaded"},
      {R"({"usage":7,"choices":[]})", "usage is no object"}};
  for (const auto& [body, why] : lies) {
    const auto reply = whole(body);
    EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable) << body.substr(0, 200);
    EXPECT_THAT(std::string(message_of(reply.status())), HasSubstr(why)) << body.substr(0, 200);
  }
}

TEST(ErrorInTest, FindsWhatServersSay) {
  EXPECT_EQ(error_in(R"({"error":{"message":"no"}})"), "no");
  EXPECT_EQ(error_in(R"({"error":"no"})"), "no");
  EXPECT_EQ(error_in(R"({"message":"no"})"), "no");
  EXPECT_EQ(error_in(R"({"error":7})"), "");
  EXPECT_EQ(error_in("<html>"), "");
  EXPECT_EQ(error_in(R"({"error":")" + std::string(9000, 'x') + "\"}").size(), 500U);
}

}  // namespace
}  // namespace skerry::agent
