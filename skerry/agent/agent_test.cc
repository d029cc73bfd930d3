// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/agent.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/tool/arithmetic/calculator.h"
#include "skerry/tool/test_call.h"

namespace skerry::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tool::testing::finish;

/// Says what it was given; fails, or is cancelled, on request.
class Echo final : public tool::Tool {
 public:
  const tool::Definition& definition() const override {
    static const tool::Definition kDefinition{
        .name = "echo",
        .version = "1",
        .description = "Says it again",
        .category = "test",
        .parameters = {{.name = "text"},
                       {.name = "timeout_seconds", .type = tool::Parameter::Type::kInteger}}};
    return kDefinition;
  }
  boost::asio::awaitable<tool::ToolResult> call(tool::Arguments arguments, access::Principal,
                                                tool::OutputCallback seen) override {
    const std::string text = arguments.has("text") ? arguments.text("text") : "";
    if (seen) seen(wasi::Stream::kStdout, text);
    if (text == "stop") co_return tool::failed(tool::Verdict::kCancelled, "stopped");
    if (text == "fail") co_return tool::failed(tool::Verdict::kFailed, "failed");
    co_return tool::ToolResult{.output = text +
                                         (arguments.has("timeout_seconds")
                                              ? std::to_string(arguments.integer("timeout_seconds"))
                                              : "")};
  }
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    tools_.add(std::make_unique<tool::Calculator>());
    tools_.add(std::make_unique<Echo>());
  }
  static ToolCall echo(const std::string& text) { return {"echo", {{"text", text}}}; }
  Outcome answer(Request request, Observer observer = {}) {
    auto plan = agent_.plan(std::move(request));
    EXPECT_TRUE(plan.ok()) << plan.status();
    return finish(agent_.carry_out(*std::move(plan), std::move(observer)));
  }

  tool::Toolbox tools_;
  Agent agent_{tools_};
};

TEST_F(AgentTest, CallsOneAfterTheOtherAndGoesOnAfterAFailure) {
  const Outcome all = answer({.query = "", .calls = {echo("a"), echo("fail"), echo("b")}});
  EXPECT_FALSE(all.succeeded);
  EXPECT_EQ(all.executions.size(), 3U);
  EXPECT_EQ(all.response, "b");
}

TEST_F(AgentTest, CallsAtOnceAnswerInTheirOrder) {
  agent_.set({.parallel_calls = 2});
  const Outcome all =
      answer({.query = "", .calls = {echo("a"), echo("fail"), echo("c"), echo("d"), echo("e")}});
  ASSERT_EQ(all.executions.size(), 5U);
  EXPECT_FALSE(all.succeeded);
  EXPECT_EQ(all.executions[2].result.output, "c");
  EXPECT_EQ(all.response, "e");
  // What was begun beside a call that is cancelled has its result, too; nothing is begun after it.
  const Outcome cut = answer({.query = "", .calls = {echo("stop"), echo("b"), echo("c")}});
  EXPECT_EQ(cut.executions.size(), 2U);
}

TEST_F(AgentTest, AQueryMayHaveSoManyTokens) {
  agent_.set({.query_tokens = 10});
  EXPECT_TRUE(agent_.plan({.query = "Execute Python: print(1)"}).ok());
  const auto refused = agent_.plan({.query = "Execute Python: " + std::string(100, '1')});
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(message_of(refused.status())), HasSubstr("token_limit_exceeded"));
}

TEST_F(AgentTest, NothingIsCalledAfterACancelledCall) {
  const Outcome all = answer({.query = "", .calls = {echo("stop"), echo("b")}});
  EXPECT_EQ(all.executions.size(), 1U);
  EXPECT_EQ(all.response, "stopped");
}

TEST_F(AgentTest, ObserversSeeCallsWithLongTextsClipped) {
  std::vector<std::string> seen;
  Observer observer;
  observer.begins = [&](const ToolCall& call) {
    seen.push_back("begins " + std::to_string(call.parameters.at("text").dump().size()));
  };
  observer.output = [&](wasi::Stream, std::string_view text) {
    seen.push_back("output " + std::to_string(text.size()));
  };
  observer.ended = [&](const Execution& each) { seen.push_back("ended " + each.call.tool); };
  const Outcome all = answer({.query = "", .calls = {echo(std::string(9000, 'x'))}}, observer);
  EXPECT_THAT(seen, ElementsAre("begins 4101", "output 9000", "ended echo"));
  EXPECT_EQ(all.response.size(), 9000U);
}

TEST_F(AgentTest, WhoObservesMayEndItBetweenTwoCalls) {
  int asked = 0;
  Observer observer;
  observer.between = [&]() -> boost::asio::awaitable<bool> { co_return ++asked < 2; };
  const Outcome all =
      answer({.query = "", .calls = {echo("a"), echo("b"), echo("c")}}, std::move(observer));
  EXPECT_EQ(all.executions.size(), 2U);
  EXPECT_EQ(asked, 2);
}

TEST_F(AgentTest, TimeGoesToToolsThatTakeIt) {
  Request request{.query = "", .calls = {echo("t="), {"calculator", {{"expression", "1"}}}}};
  request.calls.push_back({"echo", {{"text", "own="}, {"timeout_seconds", 3}}});
  request.timeout_seconds = 7;
  const Outcome all = answer(std::move(request));
  EXPECT_EQ(all.executions[0].result.output, "t=7");
  EXPECT_TRUE(all.executions[1].result.succeeded()) << all.executions[1].result.error;
  EXPECT_EQ(all.executions[2].result.output, "own=3");
}

TEST_F(AgentTest, WhatCannotBePlannedSaysWhy) {
  const auto code = [&](Request request) {
    return agent_.plan(std::move(request)).status().code();
  };
  EXPECT_EQ(code({.query = ""}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "", .calls = {{.tool = ""}}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "", .calls = std::vector<ToolCall>(101, echo("a"))}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "what time is it?"}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(code({.query = "Execute Python: 1", .temperature = 3}), StatusCode::kInvalidArgument)
      << "wrong, though no model is asked";
  EXPECT_EQ(code({.query = "", .calls = {echo("a")}, .allowed_tools = {{"calculator"}}}),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(code({.query = "Execute Python: 1", .allowed_tools = {std::vector<std::string>()}}),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(code({.query = "", .calls = {echo("a")}, .allowed_tools = {{"echo"}}}),
            StatusCode::kOk);
}

}  // namespace
}  // namespace skerry::agent
