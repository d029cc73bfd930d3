// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/task/tasks.h"

namespace skerry::shannon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(TaskRequestTest, WhatIsForModelsGoesIntoTheContext) {
  const auto submission = submission_of({{"query", "q"},
                                         {"session_id", "s"},
                                         {"context", {{"k", 1}}},
                                         {"mode", "complex"},
                                         {"model_tier", "small"},
                                         {"model_override", "m"},
                                         {"enable_verification", "unread"},
                                         {"something", "else"}},
                                        {.tenant = "t", .user = "u"});
  ASSERT_TRUE(submission.ok()) << submission.status();
  EXPECT_EQ(submission->tenant, "t");
  EXPECT_EQ(submission->user, "u");
  EXPECT_TRUE(submission->runs_in_session);
  EXPECT_EQ(submission->context,
            (json{{"k", 1}, {"model_tier", "small"}, {"model_override", "m"}}));
}

TEST(TaskRequestTest, WhatTheContextSaysReachesTheModel) {
  const auto submission =
      submission_of({{"query", "q"},
                     {"context",
                      {{"temperature", 0.5},
                       {"max_tokens", 100},
                       {"model_tier", "large"},
                       {"allowed_tools", {"calculator"}},
                       {"history", {"assistant: Hi", {{"role", "user"}, {"content", "Ho"}}}}}}},
                    {});
  ASSERT_TRUE(submission.ok()) << submission.status();
  const auto request = task::request_of(*submission);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->temperature, 0.5);
  EXPECT_EQ(request->max_tokens, 100);
  EXPECT_EQ(request->tier, agent::Tier::kLarge);
  EXPECT_EQ(request->allowed_tools, std::vector<std::string>{"calculator"});
  ASSERT_EQ(request->history.size(), 2U);
  EXPECT_EQ(request->history[0].role, agent::Role::kAssistant);
  EXPECT_EQ(request->history[1].content, "Ho");
}

TEST(TaskRequestTest, NullIsAsGoodAsNothing) {
  json body = {{"query", "q"}};
  for (const char* name : {"session_id", "context", "mode", "model_tier", "model_override",
                           "retry_on_restart", "attachments"}) {
    body[name] = nullptr;
  }
  const auto submission = submission_of(body, {});
  ASSERT_TRUE(submission.ok()) << submission.status();
  EXPECT_FALSE(submission->runs_in_session);
  EXPECT_EQ(submission->context, json::object());
}

TEST(TaskRequestTest, TheProtoIsTakenAsTheBodyIs) {
  namespace proto = ::shannon::orchestrator;
  proto::SubmitTaskRequest request;
  request.set_query("q");
  (*request.mutable_metadata()->mutable_labels())["retry_on_restart"] = "true";
  (*request.mutable_metadata()->mutable_labels())["mode"] = "simple";
  const auto submission = submission_of(proto::SubmitTaskRequest(request), {.session = "s"});
  ASSERT_TRUE(submission.ok()) << submission.status();
  EXPECT_TRUE(submission->retry_on_restart);
  EXPECT_EQ(submission->mode, "simple");
  EXPECT_EQ(submission->session, "s");
  (*request.mutable_metadata()->mutable_labels())["retry_on_restart"] = "maybe";
  EXPECT_EQ(submission_of(proto::SubmitTaskRequest(request), {}).status().code(),
            StatusCode::kInvalidArgument);
  request.set_require_approval(true);
  EXPECT_EQ(submission_of(proto::SubmitTaskRequest(request), {}).status().code(),
            StatusCode::kUnimplemented);
}

TEST(TaskRequestTest, PlacesAndTypesAreCheckedAndTheHeaderGoesFirst) {
  const Query query{{"workflow_id", "w"}, {"types", "A_B,,C"}, {"last_event_id", "3"}};
  const auto plain = following_in(query, nullptr);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_THAT(plain->types, UnorderedElementsAre("A_B", "C"));
  EXPECT_TRUE(plain->wants("C"));
  EXPECT_FALSE(plain->wants("D"));
  EXPECT_EQ(plain->after, 3);
  const std::string place = "7";
  EXPECT_EQ(following_in(query, &place)->after, 7);
  for (const std::string& wrong : {std::string("x"), std::string("-1"), std::string(""),
                                   std::string("9223372036854775807"), std::string("1 ")}) {
    EXPECT_FALSE(following_in(query, &wrong).ok()) << wrong;
  }
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += std::string(1 + i % 50, 'a') + std::string(i / 50, 'b') + ",";
  EXPECT_FALSE(following_in({{"workflow_id", "w"}, {"types", many}}, nullptr).ok());
}

TEST(TaskRequestTest, MessagesNameWhatDoesNotFit) {
  const auto said = [](const json& body) {
    return std::string(message_of(submission_of(body, {}).status()));
  };
  EXPECT_THAT(said({{"query", "q"}, {"mode", "x"}}), HasSubstr("simple, standard, complex"));
  EXPECT_THAT(said({{"query", "q"}, {"model_tier", "huge"}}), HasSubstr("small, medium, large"));
  EXPECT_THAT(said({{"query", "q"}, {"model_override", std::string(300, 'm')}}),
              HasSubstr("256 bytes"));
  EXPECT_THAT(said({{"query", "q"}, {"session_id", "ä"}}), HasSubstr("session_id"));
}

}  // namespace
}  // namespace skerry::shannon
