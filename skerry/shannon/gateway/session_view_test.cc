// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/session_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::shannon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kHour = std::int64_t{3600} * 1'000'000'000;

store::SessionInfo state(const std::string& name, std::int64_t created, std::int64_t used) {
  store::SessionInfo info;
  info.name = name;
  info.created_unix_ns = created * kHour;
  info.used_unix_ns = used * kHour;
  return info;
}

task::TaskSession filed(const std::string& name, std::int64_t created, std::int64_t active) {
  return {.name = name,
          .tasks = 1,
          .created_unix_ns = created * kHour,
          .active_unix_ns = active * kHour};
}

std::vector<std::string> names(const std::vector<SessionView>& views) {
  std::vector<std::string> all;
  for (const SessionView& each : views) all.push_back(each.tasks.name);
  return all;
}

TEST(SessionViewTest, StatesAndTasksOfOneNameAreOneSessionLastUsedFirst) {
  const auto views = views_of({state("both", 5, 6), state("ran", 1, 9)},
                              {filed("both", 4, 10), filed("asked", 1, 7)});
  EXPECT_THAT(names(views), ElementsAre("both", "ran", "asked"));
  EXPECT_EQ(views[0].created_unix_ns(), 4 * kHour);
  EXPECT_EQ(views[0].active_unix_ns(), 10 * kHour);
}

TEST(SessionViewTest, ATitleAloneIsNoSession) {
  EXPECT_THAT(views_of({}, {{.name = "gone", .title = "t", .titled_unix_ns = 1}}), IsEmpty());
}

TEST(SessionViewTest, ATitleOfAnEarlierSessionOfThatNameIsLeftOut) {
  task::TaskSession old{.name = "s", .title = "old", .titled_unix_ns = 4 * kHour};
  EXPECT_EQ(views_of({state("s", 5, 6)}, {old}).at(0).tasks.title, "");
  EXPECT_EQ(views_of({state("s", 3, 6)}, {old}).at(0).tasks.title, "old");
}

TEST(SessionViewTest, ATitleStaysWhenStateAndFirstTasksHaveGone) {
  task::TaskSession tasks = filed("s", 9, 10);
  tasks.title = "kept";
  tasks.titled_unix_ns = 4 * kHour;
  EXPECT_EQ(views_of({}, {tasks}).at(0).tasks.title, "kept");
  EXPECT_EQ(views_of({state("s", 8, 10)}, {tasks}).at(0).tasks.title, "kept");
}

TEST(SessionViewTest, ASummaryHasWhatTheTasksComeTo) {
  task::TaskSession tasks = filed("s", 1, 2);
  tasks.tasks = 4;
  tasks.completed = 3;
  tasks.failed = 1;
  tasks.nanodollars = 2'000'000'000;
  tasks.key = "0123";
  tasks.title = "T";
  tasks.titled_unix_ns = 2 * kHour;
  const auto view = views_of({state("s", 1, 3)}, {tasks}).at(0);
  const auto told = session_summary_json(
      view, {.user = "me", .now_unix_ns = 4 * kHour, .time_to_live = std::chrono::hours(1)});
  EXPECT_EQ(told["success_rate"], 0.75);
  EXPECT_EQ(told["total_cost_usd"], 2.0);
  EXPECT_EQ(told["average_cost_per_task"], 0.5);
  EXPECT_EQ(told["user_id"], "0123");
  EXPECT_EQ(told["title"], "T");
  EXPECT_EQ(told["context"]["title"], "T");
  EXPECT_EQ(told["expires_at"], "1970-01-01T04:00:00.000Z");
  EXPECT_EQ(told["latest_task_status"], "QUEUED");
  EXPECT_EQ(told["is_active"], true);
}

TEST(SessionViewTest, ASessionThatNobodyUsedForADayIsNotActive) {
  const auto view = views_of({state("s", 1, 2)}, {}).at(0);
  EXPECT_EQ(session_summary_json(view, {.user = "me", .now_unix_ns = 25 * kHour})["is_active"],
            true);
  const auto told = session_summary_json(view, {.user = "me", .now_unix_ns = 26 * kHour});
  EXPECT_EQ(told["is_active"], false);
  EXPECT_EQ(told["user_id"], "me");
  EXPECT_FALSE(told.contains("latest_task_query"));
}

TEST(SessionViewTest, ACallerIsItsUserElseItsKeyElseTheDefault) {
  EXPECT_EQ(user_of({.user = "u", .key = "k"}), "u");
  EXPECT_EQ(user_of({.key = "k"}), "k");
  EXPECT_EQ(user_of({}), "default");
}

}  // namespace
}  // namespace skerry::shannon
