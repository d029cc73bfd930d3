// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_document.h"

#include <gtest/gtest.h>

#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using nlohmann::json;

task::Event event(const char* type) {
  return {.seq = 5, .at_unix_ns = 1'700'000'000'000'000'000, .type = type, .message = "m\nn"};
}

TEST(TaskDocumentTest, SomeEventsHaveOtherNamesInAStream) {
  const std::pair<const char*, const char*> names[] = {
      {task::kModelPartial, "thread.message.delta"},
      {task::kModelOutput, "thread.message.completed"},
      {task::kErrorOccurred, "error"},
      {task::kStreamEnd, "done"},
      {task::kWorkflowPausing, "workflow.pausing"},
      {task::kWorkflowCancelled, "workflow.cancelled"},
      {task::kToolInvoked, "TOOL_INVOKED"}};
  for (const auto& [type, name] : names) EXPECT_EQ(stream_event("w", event(type)).name, name);
  EXPECT_EQ(stream_event("w", event(task::kStreamEnd)).data, "[DONE]");
  const json delta = json::parse(stream_event("w", event(task::kModelPartial)).data);
  EXPECT_EQ(delta, (json{{"delta", "m\nn"},
                         {"workflow_id", "w"},
                         {"agent_id", "skerry"},
                         {"seq", 5},
                         {"stream_id", "5"}}));
  const json whole = json::parse(stream_event("w", event(task::kModelOutput)).data);
  EXPECT_EQ(whole["response"], "m\nn");
  EXPECT_EQ(whole["metadata"], json::object());
}

TEST(TaskDocumentTest, AnEventsDataIsOneLine) {
  for (const char* type : {task::kModelPartial, task::kErrorOccurred, task::kToolObservation}) {
    EXPECT_EQ(stream_event("w", event(type)).data.find('\n'), std::string::npos);
  }
}

TEST(TaskDocumentTest, AResultThatIsJsonIsParsedAndAnythingElseIsNot) {
  task::Task task;
  task.state = task::State::kCompleted;
  const auto response = [&](const std::string& result) {
    task.result = result;
    return status_json(task)["response"];
  };
  EXPECT_EQ(response(R"({"a": [1]})"), json::parse(R"({"a": [1]})"));
  EXPECT_EQ(response("[1, 2]\n"), (json{1, 2}));
  EXPECT_TRUE(response("1, \"x\": 2").is_null());
  EXPECT_TRUE(response("hello").is_null());
  EXPECT_TRUE(response("").is_null());
  EXPECT_TRUE(response(std::string(200, '[') + std::string(200, ']')).is_null());
}

TEST(TaskDocumentTest, WhatHasNotHappenedIsNull) {
  task::Task task;
  task.state = task::State::kQueued;
  task.created_unix_ns = 1;
  const auto told = status_json(task);
  EXPECT_TRUE(told["started_at"].is_null());
  EXPECT_TRUE(told["completed_at"].is_null());
  EXPECT_TRUE(told["error"].is_null());
  EXPECT_EQ(told["status"], "TASK_STATUS_QUEUED");
  EXPECT_EQ(control_json(task)["paused_at"], "");
  EXPECT_EQ(control_json(task)["is_cancelled"], false);
}

}  // namespace
}  // namespace skerry::shannon
