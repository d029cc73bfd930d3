// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/conversation.h"

#include <deque>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/agent/agent.h"
#include "skerry/tool/arithmetic/calculator.h"
#include "skerry/tool/test_call.h"

namespace skerry::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tool::testing::finish;

/// Says what it was told to say, and keeps what it was asked.
class ScriptedModel final : public Model {
 public:
  explicit ScriptedModel(std::vector<ModelRequest>& asked) : asked_(asked) {}
  boost::asio::awaitable<Result<ModelReply>> ask(ModelRequest request, TextCallback seen) override {
    asked_.push_back(std::move(request));
    if (script.empty()) co_return absl::UnavailableError("the script is over");
    Result<ModelReply> reply = std::move(script.front());
    script.pop_front();
    if (reply.ok() && seen && !reply->content.empty()) seen(reply->content);
    co_return reply;
  }
  const std::string& provider() const override { return provider_; }

  std::deque<Result<ModelReply>> script;

 private:
  std::vector<ModelRequest>& asked_;
  std::string provider_ = "scripted";
};

/// Gives as many bytes as it is asked for; fails without.
class Bytes final : public tool::Tool {
 public:
  const tool::Definition& definition() const override {
    static const tool::Definition kDefinition{
        .name = "bytes",
        .version = "1",
        .description = "Gives bytes",
        .category = "test",
        .parameters = {{.name = "n", .type = tool::Parameter::Type::kInteger},
                       {.name = "session_id"}}};
    return kDefinition;
  }
  boost::asio::awaitable<tool::ToolResult> call(tool::Arguments arguments, access::Principal caller,
                                                tool::OutputCallback) override {
    sessions.push_back(arguments.has("session_id") ? arguments.text("session_id") : caller.session);
    if (!arguments.has("n")) co_return tool::failed(tool::Verdict::kFailed, "no number");
    co_return tool::ToolResult{
        .output = std::string(static_cast<std::size_t>(arguments.integer("n")), 'x')};
  }
  std::vector<std::string> sessions;
};

class Dangerous final : public tool::Tool {
 public:
  const tool::Definition& definition() const override {
    static const tool::Definition kDefinition{.name = "dangerous",
                                              .version = "1",
                                              .description = "Does harm",
                                              .category = "test",
                                              .parameters = {},
                                              .is_dangerous = true};
    return kDefinition;
  }
  boost::asio::awaitable<tool::ToolResult> call(tool::Arguments, access::Principal,
                                                tool::OutputCallback) override {
    co_return tool::ToolResult{.output = "harm"};
  }
};

class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() {
    auto bytes = std::make_unique<Bytes>();
    bytes_ = bytes.get();
    tools_.add(std::make_unique<tool::Calculator>());
    tools_.add(std::move(bytes));
    tools_.add(std::make_unique<Dangerous>());
    auto model = std::make_unique<ScriptedModel>(asked_);
    model_ = model.get();
    agent_.add_model(std::move(model), {.base_url = "http://localhost",
                                        .model = "m",
                                        .tier_models = {{Tier::kLarge, "big"}},
                                        .prices = {{"m", {.input = 1, .output = 10}}}});
  }

  void says(std::string words, Finish why = Finish::kStop) {
    model_->script.emplace_back(ModelReply{
        .content = std::move(words), .finish = why, .usage = {.input = 10, .output = 1}});
  }
  void calls(const std::string& tool, const std::string& arguments, int times = 1) {
    ModelReply reply{.finish = Finish::kToolCalls, .usage = {.input = 10, .output = 1}};
    for (int i = 0; i < times; ++i) {
      reply.calls.push_back({"c" + std::to_string(i), tool, arguments});
    }
    model_->script.emplace_back(std::move(reply));
  }
  Outcome answer(Request request, Observer observer = {}) {
    auto plan = agent_.plan(std::move(request));
    EXPECT_TRUE(plan.ok()) << plan.status();
    return finish(agent_.carry_out(*std::move(plan), std::move(observer)));
  }
  /// The last thing that the model was told.
  const Message& last_told() const { return asked_.back().messages.back(); }

  std::vector<ModelRequest> asked_;
  tool::Toolbox tools_;
  Bytes* bytes_ = nullptr;
  ScriptedModel* model_ = nullptr;
  Agent agent_{tools_};
};

TEST_F(ConversationTest, WordsAreTheAnswer) {
  says("It is late.");
  const Outcome got = answer({.query = "what time is it?"});
  EXPECT_TRUE(got.succeeded);
  EXPECT_EQ(got.response, "It is late.");
  ASSERT_TRUE(got.model);
  EXPECT_EQ(got.model->provider, "scripted");
  EXPECT_EQ(got.model->ended, Ended::kAnswer);
  EXPECT_DOUBLE_EQ(got.model->cost_usd.value(), (10 * 1 + 1 * 10) / 1e6);
}

TEST_F(ConversationTest, CallsAreMadeAndTheirResultsTold) {
  calls("calculator", R"({"expression":"6*7"})");
  says("42");
  std::vector<std::string> seen;
  Observer observer;
  observer.begins = [&](const ToolCall& call) { seen.push_back("begins " + call.tool); };
  observer.ended = [&](const Execution& each) { seen.push_back("ended " + each.call.tool); };
  observer.text = [&](std::string_view text) { seen.emplace_back(text); };
  const Outcome got = answer({.query = "6*7?"}, observer);
  EXPECT_THAT(seen, ElementsAre("begins calculator", "ended calculator", "42"));
  EXPECT_EQ(got.executions.at(0).call.source, ToolCall::Source::kModel);
  EXPECT_THAT(last_told().content, HasSubstr("42"));
  EXPECT_EQ(last_told().call_id, "c0");
  EXPECT_EQ(got.model->usage.input, 20);
  EXPECT_EQ(got.model->iterations, 2);
}

TEST_F(ConversationTest, AFailureIsToldOnceAndTheSecondEndsTheCalls) {
  calls("calculator", R"({"expression":"6*"})");
  calls("calculator", R"({"expression":"6*7"})");
  says("mended");
  EXPECT_EQ(answer({.query = "?"}).model->ended, Ended::kAnswer);
  EXPECT_THAT(asked_[1].messages.back().content, HasSubstr("The call failed: "));

  calls("calculator", R"({"expression":"6*"})");
  calls("calculator", R"({"expression":"6*"})");
  says("It does not work.");
  const Outcome got = answer({.query = "?"});
  EXPECT_EQ(got.model->ended, Ended::kFailures);
  EXPECT_EQ(got.response, "It does not work.");
  EXPECT_FALSE(asked_.back().may_call);
}

TEST_F(ConversationTest, CallsThatCannotBeMadeAreFailures) {
  calls("nothing", "{}");
  calls("calculator", "{\"expression\":");
  says("Sorry.");
  const Outcome got = answer({.query = "?"});
  EXPECT_EQ(got.model->ended, Ended::kFailures);
  EXPECT_TRUE(got.executions.empty());
  EXPECT_THAT(asked_[1].messages.back().content, HasSubstr("there is no tool nothing"));
  EXPECT_THAT(last_told().content, HasSubstr("the arguments is not JSON"));
}

TEST_F(ConversationTest, RoundsAreThreeAndThenItMustAnswer) {
  for (int i = 0; i < 3; ++i) calls("bytes", R"({"n":1})");
  calls("bytes", R"({"n":1})");  // in spite of tool_choice
  model_->script.back()->content = "enough";
  const Outcome got = answer({.query = "?"});
  EXPECT_EQ(got.model->ended, Ended::kIterations);
  EXPECT_EQ(got.response, "enough");
  EXPECT_EQ(got.executions.size(), 3U);
  EXPECT_EQ(asked_.size(), 4U);
}

TEST_F(ConversationTest, CallsAreFiveAndEachHasAnAnswer) {
  calls("bytes", R"({"n":1})", 8);
  says("done");
  const Outcome got = answer({.query = "?"});
  EXPECT_EQ(got.model->ended, Ended::kCalls);
  EXPECT_EQ(got.executions.size(), 5U);
  const auto& messages = asked_.back().messages;
  EXPECT_EQ(std::count_if(messages.begin(), messages.end(),
                          [](const Message& each) { return each.role == Role::kTool; }),
            8);
}

TEST_F(ConversationTest, OutputIsClippedForTheModelAndWholeForTheCaller) {
  calls("bytes", R"({"n":50000})", 4);
  calls("bytes", R"({"n":50000})", 1);
  says("much");
  const Outcome got = answer({.query = "?"});
  EXPECT_EQ(got.model->ended, Ended::kOutput);
  std::size_t told = 0;
  for (const Message& each : asked_.back().messages) {
    if (each.role == Role::kTool) told += each.content.size();
  }
  EXPECT_NEAR(static_cast<double>(told), 60'000, 1'000);
  for (const Execution& each : got.executions)
    EXPECT_EQ(text_of(each.result.output).size(), 50'000);
}

TEST_F(ConversationTest, TheModelStaysInTheRequestsSession) {
  calls("bytes", R"({"n":1,"session_id":"somebody-else-s"})");
  says("done");
  answer({.query = "?", .caller = {.session = "mine"}});
  EXPECT_THAT(bytes_->sessions, ElementsAre("mine"));
  for (const auto& each : asked_[0].tools) {
    EXPECT_FALSE(each["parameters"]["properties"].contains("session_id"));
  }
}

TEST_F(ConversationTest, OnlyAllowedToolsAreOfferedAndCalled) {
  says("fine");
  answer({.query = "?"});
  EXPECT_EQ(asked_[0].tools.size(), 2U);  // not the dangerous one
  calls("bytes", R"({"n":1})");
  says("no");
  const Outcome got = answer({.query = "?", .allowed_tools = {{"calculator", "dangerous"}}});
  EXPECT_TRUE(got.executions.empty());
  EXPECT_EQ(asked_.back().tools.size(), 2U);
  EXPECT_EQ(asked_.back().tools[1]["name"], "dangerous");
  says("none");
  answer({.query = "?", .allowed_tools = {std::vector<std::string>()}});
  EXPECT_TRUE(asked_.back().tools.empty());
}

TEST_F(ConversationTest, TheModelMayCallNoMoreThanItsCallerMay) {
  calls("bytes", R"({"n":1})");
  says("no");
  const auto tools = std::make_shared<const std::vector<std::string>>(1, "calculator");
  const Outcome got = answer({.query = "?", .caller = {.tools = tools}});
  EXPECT_TRUE(got.executions.empty());
  ASSERT_EQ(asked_[0].tools.size(), 1U);
  EXPECT_EQ(asked_[0].tools[0]["name"], "calculator");
}

TEST_F(ConversationTest, TheModelsFailureIsTheAnswersAndWhatToolsGaveStays) {
  calls("bytes", R"({"n":3})");
  model_->script.emplace_back(absl::DeadlineExceededError("too slow"));
  const Outcome got = answer({.query = "?"});
  EXPECT_FALSE(got.succeeded);
  EXPECT_EQ(got.failure.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(got.executions.size(), 1U);
}

TEST_F(ConversationTest, ItInterpretsCallsThatWereForced) {
  says("It is two.");
  const Outcome got = answer({.query = "?",
                              .calls = {{"calculator", {{"expression", "1+1"}}}},
                              .after_calls = Request::AfterCalls::kModel});
  EXPECT_EQ(got.response, "It is two.");
  EXPECT_EQ(got.executions.at(0).call.source, ToolCall::Source::kRequest);
  EXPECT_EQ(last_told().call_id, "given_1");
  EXPECT_THAT(last_told().content, HasSubstr("2"));
}

TEST_F(ConversationTest, NoModelIsAskedForCodeOrBareCallsOrWhenACallCannotBeMade) {
  answer({.query = "label", .calls = {{"calculator", {{"expression", "1+1"}}}}});
  answer({.query = "?", .calls = {{"nothing"}}, .after_calls = Request::AfterCalls::kModel});
  answer({.query = "Execute Python: 1"});
  EXPECT_TRUE(asked_.empty());
}

TEST_F(ConversationTest, ModeTierAndOverrideChooseTheModel) {
  for (int i = 0; i < 4; ++i) says("x");
  answer({.query = "?"});
  answer({.query = "?", .mode = Mode::kComplex});
  answer({.query = "?", .mode = Mode::kComplex, .tier = Tier::kSmall});
  answer({.query = "?", .model = "other"});
  std::vector<std::string> models;
  for (const ModelRequest& each : asked_) models.push_back(each.model);
  EXPECT_THAT(models, ElementsAre("m", "big", "m", "other"));
}

TEST_F(ConversationTest, HistoryComesFirstAndHasBounds) {
  says("x");
  Request request{.query = "now"};
  for (int i = 0; i < 30; ++i)
    request.history.push_back(history_message("user: " + std::to_string(i)));
  request.history.push_back(history_message("Assistant: yes"));
  answer(std::move(request));
  const auto& messages = asked_[0].messages;
  EXPECT_EQ(messages.size(), 22U);
  EXPECT_EQ(messages[0].role, Role::kSystem);
  EXPECT_EQ(messages[1].content, "11");
  EXPECT_EQ(messages[20].role, Role::kAssistant);
  EXPECT_EQ(messages[20].content, "yes");
  EXPECT_EQ(messages[21].content, "now");
}

TEST_F(ConversationTest, WishesOutOfBoundsAreRefused) {
  const auto code = [&](Request request) {
    return agent_.plan(std::move(request)).status().code();
  };
  EXPECT_EQ(code({.query = "?", .temperature = 2.1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "?", .temperature = std::nan("")}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "?", .max_tokens = 0}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "?", .model = "a b"}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = std::string(300'000, 'x')}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "?", .temperature = 2.0, .max_tokens = 1}), StatusCode::kOk);
}

TEST(ToldToModelTest, MiddlesAreLeftOutBetweenCharacters) {
  tool::ToolResult result{.output = std::string()};
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "é";
  result.output = text;
  const std::string told = told_to_model(result, 101);
  EXPECT_THAT(told, HasSubstr("1900 bytes left out"));
  EXPECT_EQ(told.find("\xC3\n"), std::string::npos);
  result =
      tool::ToolResult{.verdict = tool::Verdict::kFailed, .output = "so far", .error = "NameError"};
  EXPECT_EQ(told_to_model(result, 1000),
            "The call failed: NameError\nBefore that it gave:\nso far");
  EXPECT_EQ(told_to_model({}, 1000), "It was done, and gave nothing.");
}

}  // namespace
}  // namespace skerry::agent
