// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using nlohmann::json;
using task::Event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kMs = 1'000'000;

task::Task finished_task(task::State state) {
  task::Task task;
  task.id = "t";
  task.state = state;
  task.created_unix_ns = 1000 * kMs;
  task.started_unix_ns = 1250 * kMs;
  task.finished_unix_ns = 2000 * kMs;
  task.error = std::string(300, 'e');
  return task;
}

Event at(std::int64_t ms, const char* type, json payload = nullptr) {
  return {.seq = ms,
          .at_unix_ns = ms * kMs,
          .type = type,
          .message = "m",
          .payload = std::move(payload)};
}

std::vector<Event> two_calls() {
  return {at(1250, task::kWorkflowStarted),
          at(1300, task::kToolInvoked, {{"tool", "a"}}),
          at(1310, task::kToolObservation, {{"tool", "a"}, {"intermediate", true}}),
          at(1400, task::kToolObservation,
             {{"tool", "a"}, {"success", true}, {"usage", {{"duration_ms", 90.5}}}}),
          at(1500, task::kToolInvoked, {{"tool", "b"}}),
          at(1700, task::kToolObservation, {{"tool", "b"}, {"success", false}}),
          at(1990, task::kWorkflowCompleted),
          at(1990, task::kStreamEnd)};
}

std::vector<std::string> types(const nlohmann::ordered_json& timeline) {
  std::vector<std::string> all;
  for (const auto& each : timeline["events"]) all.push_back(each["type"]);
  return all;
}

TEST(TimelineTest, ASummaryHasEndsAndHowLongTheyTook) {
  const auto told = timeline_json(finished_task(task::State::kCompleted), two_calls(), {});
  EXPECT_THAT(types(told), ElementsAre("WF_SCHEDULED", "WF_STARTED", "ACT_COMPLETED", "ACT_FAILED",
                                       "WF_COMPLETED"));
  EXPECT_EQ(told["events"][1]["duration_ms"], 250.0);
  EXPECT_EQ(told["events"][2]["duration_ms"], 90.5);
  EXPECT_EQ(told["events"][3]["duration_ms"], 200.0);
  EXPECT_EQ(told["events"][3]["message"], "Activity b(id=2) failed in 200.000 ms: m");
  EXPECT_EQ(told["events"][4]["duration_ms"], 750.0);
  EXPECT_EQ(told["stats"]["total"], 5);
  EXPECT_EQ(told["stats"]["activities"], 2);
  EXPECT_EQ(told["stats"]["failed_activities"], 1);
}

TEST(TimelineTest, AllOfItHasPayloadsWhereTheyAreAskedFor) {
  const TimelineView view{.mode = TimelineView::Mode::kFull, .has_payloads = true};
  const auto told = timeline_json(finished_task(task::State::kCompleted), two_calls(), view);
  EXPECT_THAT(types(told),
              ElementsAre("WF_SCHEDULED", "WF_STARTED", "ACT_SCHEDULED", "EVENT", "ACT_COMPLETED",
                          "ACT_SCHEDULED", "ACT_FAILED", "EVENT", "WF_COMPLETED"));
  EXPECT_EQ(told["events"][2]["payload"]["tool"], "a");
}

TEST(TimelineTest, ATaskWhoseEventsAreGoneKeepsItsOwnTimes) {
  const auto told = timeline_json(finished_task(task::State::kTimeout), {}, {});
  EXPECT_THAT(types(told), ElementsAre("WF_SCHEDULED", "WF_STARTED", "WF_TIMEOUT"));
}

TEST(TimelineTest, ALongReasonIsCutUnlessPayloadsAreAskedFor) {
  const auto task = finished_task(task::State::kFailed);
  const auto length = [](const nlohmann::ordered_json& told) {
    return told["events"].back()["message"].get<std::string>().size();
  };
  EXPECT_LT(length(timeline_json(task, {}, {})), 250U);
  EXPECT_GT(length(timeline_json(task, {}, {.has_payloads = true})), 300U);
}

TEST(TimelineTest, WhatIsAskedForIsChecked) {
  EXPECT_EQ(timeline_view_in({{"mode", "full"}})->mode, TimelineView::Mode::kFull);
  EXPECT_THAT(std::string(message_of(timeline_view_in({{"mode", "all"}}).status())),
              HasSubstr("summary or full"));
  EXPECT_THAT(std::string(message_of(timeline_view_in({{"include_payloads", "1"}}).status())),
              HasSubstr("true or false"));
}

}  // namespace
}  // namespace skerry::shannon
