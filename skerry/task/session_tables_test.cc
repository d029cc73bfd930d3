// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/task/events.h"
#include "skerry/task/task_tables.h"

namespace skerry::task {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

class SessionTablesTest : public ::testing::Test {
 protected:
  SessionTablesTest() { open(); }

  std::filesystem::path file() const { return directory_.path() / "tasks.db"; }
  void open() {
    tables_.reset();
    auto opened = TaskTables::open(file(), "test");
    ASSERT_TRUE(opened.ok()) << opened.status();
    tables_ = *std::move(opened);
  }
  void add(const std::string& session, const std::string& query = "q",
           const std::string& tenant = "default") {
    const auto accepted = tables_->add({.tenant = tenant,
                                        .user = "u",
                                        .key = "k",
                                        .session = session,
                                        .query = query,
                                        .mode = "simple"},
                                       std::nullopt, bounds_, now_++);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
  }
  /// Carries out the task that waits for longest.
  void finish(const Change& change, std::vector<Event> events = {}) {
    const auto claim = tables_->claim(now_++).value();
    ASSERT_TRUE(claim);
    ASSERT_TRUE(tables_->append(claim->task.row, std::move(events), change, now_++).ok());
  }
  std::vector<TaskSession> sessions(std::optional<std::string> name = {},
                                    const std::string& tenant = "default") {
    return tables_->sessions(tenant, name).value();
  }
  void title(const std::string& session, const std::string& text, std::int64_t when,
             const std::string& tenant = "default") {
    ASSERT_TRUE(tables_->set_title(tenant, session, text, bounds_, when).ok());
  }
  std::vector<std::string> queries(const TurnsRequest& request) {
    std::vector<std::string> all;
    const Turns found = tables_->turns(request).value();
    for (const Turn& each : found.turns) all.push_back(each.task.submission.query);
    return all;
  }

  TestDirectory directory_;
  Bounds bounds_;
  std::int64_t now_ = kStart;
  std::unique_ptr<TaskTables> tables_;
};

TEST_F(SessionTablesTest, ASessionIsSummedUpFromItsTasks) {
  add("s", "first");
  add("s", "second");
  add("s", "third");
  finish({.state = State::kCompleted,
          .model = R"({"input_tokens": 10, "output_tokens": 5, "cost_usd": 0.25})"});
  finish({.state = State::kTimeout, .model = R"({"input_tokens": 1, "cost_usd": null})"});
  const auto all = sessions();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].tasks, 3);
  EXPECT_EQ(all[0].completed, 1);
  EXPECT_EQ(all[0].failed, 1);
  EXPECT_EQ(all[0].tokens, 16);
  EXPECT_EQ(all[0].nanodollars, 250'000'000);
  EXPECT_EQ(all[0].created_unix_ns, kStart);
  EXPECT_EQ(all[0].active_unix_ns, now_ - 1);
  EXPECT_EQ(all[0].user + all[0].key + all[0].first_mode, "uksimple");
  EXPECT_EQ(all[0].latest_query, "third");
  EXPECT_EQ(all[0].latest_state, State::kQueued);
}

TEST_F(SessionTablesTest, SessionsAreTheirTenants) {
  add("s", "mine", "a");
  add("s", "theirs", "b");
  title("s", "Theirs", now_, "b");
  EXPECT_EQ(sessions("s", "a").at(0).tasks, 1);
  EXPECT_EQ(sessions("s", "a").at(0).title, "");
  ASSERT_TRUE(tables_->forget_session("a", "s").ok());
  EXPECT_THAT(sessions("s", "a"), IsEmpty());
  EXPECT_EQ(sessions("s", "b").at(0).title, "Theirs");
  EXPECT_THAT(queries({.tenant = "b", .session = "s"}), ElementsAre("theirs"));
  EXPECT_THAT(queries({.tenant = "a", .session = "s"}), IsEmpty());
}

TEST_F(SessionTablesTest, ATitleOutlivesTheProcessAndNeedsNoTask) {
  title("s", "first", 7);
  title("s", "second", 8);
  open();
  const auto all = sessions("s");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].title, "second");
  EXPECT_EQ(all[0].titled_unix_ns, 8);
  EXPECT_EQ(all[0].tasks, 0);
}

TEST_F(SessionTablesTest, TitlesAreBounded) {
  bounds_.titles = 5;
  for (int i = 0; i < 8; ++i) title(std::to_string(i), "t", i);
  ASSERT_TRUE(tables_->tidy(bounds_, now_).ok());
  EXPECT_THAT(sessions(), SizeIs(5));
  EXPECT_THAT(sessions("2"), IsEmpty());
  EXPECT_THAT(sessions("3"), SizeIs(1));
}

TEST_F(SessionTablesTest, AForgottenSessionBeginsAnewAndItsTasksStay) {
  add("s", "old");
  title("s", "t", now_);
  ASSERT_TRUE(tables_->forget_session("default", "s").ok());
  ASSERT_TRUE(tables_->forget_session("default", "s").ok());
  EXPECT_THAT(sessions(), IsEmpty());
  EXPECT_EQ(tables_->list("default", {.session = "s"}).value().total, 1);
  ASSERT_TRUE(tables_->tidy(bounds_, now_).ok());
  EXPECT_THAT(sessions(), IsEmpty());
  add("s", "new");
  EXPECT_EQ(sessions("s").at(0).tasks, 1);
  EXPECT_THAT(queries({.tenant = "default", .session = "s"}), ElementsAre("new"));
}

TEST_F(SessionTablesTest, TurnsArePagedOldestFirstWithTheirEvents) {
  for (const char* each : {"a", "b", "c"}) add("s", each);
  finish({.state = State::kCompleted, .result = "r"},
         {{.type = kModelPartial, .message = "wo"}, {.type = kModelOutput, .message = "words"}});
  TurnsRequest request{.tenant = "default", .session = "s", .limit = 1};
  request.with = TurnsRequest::With::kEvents;
  const Turns first = tables_->turns(request).value();
  ASSERT_THAT(first.turns, SizeIs(1));
  EXPECT_EQ(first.total, 3);
  EXPECT_EQ(first.turns[0].task.result, "r");
  std::vector<std::string> types;
  for (const Event& each : first.turns[0].events) types.push_back(each.type);
  EXPECT_THAT(types, ElementsAre(kWorkflowStarted, kModelOutput));
  request.offset = 1;
  request.limit = 5;
  EXPECT_THAT(queries(request), ElementsAre("b", "c"));
  request.offset = 3;
  EXPECT_THAT(queries(request), IsEmpty());
}

TEST_F(SessionTablesTest, WhatIsTooMuchIsNotRead) {
  add("s", std::string(1000, 'q'));
  finish({.state = State::kCompleted}, {{.type = "A"}, {.type = "B"}});
  TurnsRequest request{.tenant = "default", .session = "s"};
  request.with = TurnsRequest::With::kEvents;
  request.max_events = 3;
  EXPECT_THAT(tables_->turns(request).value().turns, SizeIs(1));
  request.max_events = 2;
  const Turns events = tables_->turns(request).value();
  EXPECT_TRUE(events.is_too_much);
  EXPECT_EQ(events.events, 3);
  EXPECT_THAT(events.turns, IsEmpty());
  request.max_events = 3;
  request.max_bytes = 999;
  const Turns bytes = tables_->turns(request).value();
  EXPECT_TRUE(bytes.is_too_much);
  EXPECT_GE(bytes.bytes, 1000);
}

TEST_F(SessionTablesTest, TheSecondFormatIsTakenOverWithWhatItsTasksCost) {
  add("s");
  finish({.state = State::kCompleted,
          .model = R"({"input_tokens": 2, "output_tokens": 3, "cost_usd": 0.5})"});
  tables_.reset();
  {
    auto old = Database::open(file());
    ASSERT_TRUE((*old)
                    ->run_script("ALTER TABLE tasks DROP COLUMN tokens; "
                                 "ALTER TABLE tasks DROP COLUMN nanodollars; "
                                 "DROP TABLE sessions; PRAGMA user_version = 2")
                    .ok());
  }
  open();
  EXPECT_EQ(sessions("s").at(0).tokens, 5);
  EXPECT_EQ(sessions("s").at(0).nanodollars, 500'000'000);
  open();
  EXPECT_EQ(sessions("s").at(0).tokens, 5);
}

}  // namespace
}  // namespace skerry::task
