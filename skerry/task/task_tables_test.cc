// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/task_tables.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/task/events.h"

namespace skerry::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;

class TaskTablesTest : public ::testing::Test {
 protected:
  TaskTablesTest() { open("first"); }

  void open(const std::string& instance) {
    tables_.reset();
    auto opened = TaskTables::open(directory_.path() / "tasks.db", instance);
    ASSERT_TRUE(opened.ok()) << opened.status();
    tables_ = *std::move(opened);
  }
  std::string add(Submission submission = {.query = "q"}) {
    const auto accepted = tables_->add(submission, std::nullopt, bounds_, now_);
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    return accepted->id;
  }
  Task find(const std::string& id) { return tables_->find("default", id).value(); }
  Task claim() { return tables_->claim(now_).value().value().task; }
  Status control(const std::string& id, Action action) {
    return tables_->control("default", id, action, {.at_unix_ns = now_, .reason = "r", .by = "me"})
        .status();
  }
  std::vector<std::string> types(std::int64_t row, std::int64_t after = 0) {
    std::vector<std::string> names;
    const EventBatch batch = tables_->events_after(row, after, 10'000).value();
    for (const Event& each : batch.events) {
      names.push_back(each.type);
    }
    return names;
  }

  TestDirectory directory_;
  Bounds bounds_;
  std::int64_t now_ = 1'700'000'000 * kSecond;
  std::unique_ptr<TaskTables> tables_;
};

TEST_F(TaskTablesTest, ATaskIsKeptWithItsTrueTimes) {
  const std::string id = add({.user = "u",
                              .session = "s",
                              .query = "say \"hi\"",
                              .context = {{"k", {1, 2}}},
                              .mode = "simple"});
  now_ += kSecond;
  const Task claimed = claim();
  EXPECT_EQ(claimed.submission.context["k"][1], 2);
  now_ += kSecond;
  ASSERT_TRUE(tables_
                  ->append(claimed.row, {{.type = kWorkflowCompleted}, stream_end()},
                           Change{.state = State::kCompleted, .result = "42", .executions = "[1]"},
                           now_)
                  .ok());
  open("second");
  const Task task = find(id);
  EXPECT_EQ(task.state, State::kCompleted);
  EXPECT_EQ(task.submission.query, "say \"hi\"");
  EXPECT_EQ(task.submission.user, "u");
  EXPECT_EQ(task.result, "42");
  EXPECT_EQ(task.executions, nlohmann::json::array({1}));
  EXPECT_EQ(task.started_unix_ns - task.created_unix_ns, kSecond);
  EXPECT_EQ(task.finished_unix_ns - task.started_unix_ns, kSecond);
  EXPECT_EQ(task.updated_unix_ns, task.finished_unix_ns);
  EXPECT_THAT(types(task.row), ElementsAre(kWorkflowStarted, kWorkflowCompleted, kStreamEnd));
}

TEST_F(TaskTablesTest, TenantsSeeNothingOfEachOther) {
  const std::string id = add({.tenant = "a", .query = "q"});
  EXPECT_EQ(tables_->find("b", id).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(tables_->row_of("b", id).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(tables_->control("b", id, Action::kCancel, {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(tables_->list("b", {}).value().total, 0);
  EXPECT_EQ(tables_->list("a", {}).value().total, 1);
  const IdempotencyKey key{.text = "k", .digest = "1"};
  const auto first = tables_->add({.tenant = "a", .query = "q"}, key, bounds_, now_);
  const auto second = tables_->add({.tenant = "b", .query = "q"}, key, bounds_, now_);
  EXPECT_NE(first->id, second->id);
}

TEST_F(TaskTablesTest, TheTenantWithTheFewestRunningIsServedNext) {
  add({.tenant = "a", .query = "a1"});
  add({.tenant = "a", .query = "a2"});
  add({.tenant = "b", .query = "b1"});
  EXPECT_EQ(claim().submission.query, "a1");
  EXPECT_EQ(claim().submission.query, "b1");
  EXPECT_EQ(claim().submission.query, "a2");
  EXPECT_FALSE(tables_->claim(now_).value());
}

TEST_F(TaskTablesTest, ListsAreFilteredAndPaged) {
  for (int i = 0; i < 5; ++i) {
    add({.user = i < 2 ? "x" : "y",
         .session = i % 2 == 0 ? "even" : "odd",
         .query = std::string(5000, static_cast<char>('a' + i))});
  }
  claim();
  const Page page = tables_->list("default", {.limit = 2, .offset = 1}).value();
  EXPECT_EQ(page.total, 5);
  ASSERT_EQ(page.tasks.size(), 2U);
  EXPECT_EQ(page.tasks[0].submission.query, std::string(1000, 'd'));  // newest first, clipped
  EXPECT_EQ(tables_->list("default", {.session = "odd"}).value().total, 2);
  EXPECT_EQ(tables_->list("default", {.user = "x"}).value().total, 2);
  EXPECT_EQ(tables_->list("default", {.state = State::kRunning}).value().total, 1);
  EXPECT_EQ(tables_->list("default", {.session = "odd", .state = State::kRunning}).value().total,
            0);
  EXPECT_TRUE(tables_->list("default", {.offset = 99}).value().tasks.empty());
}

TEST_F(TaskTablesTest, AKeyMakesASubmissionCountOnceForADay) {
  const IdempotencyKey key{.text = "k", .digest = "1"};
  const auto first = tables_->add({.query = "q"}, key, bounds_, now_);
  open("second");  // also after a restart
  now_ += 23 * 3600 * kSecond;
  const auto again = tables_->add({.query = "q"}, key, bounds_, now_);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->created_unix_ns, first->created_unix_ns);
  EXPECT_TRUE(again->is_replay);
  EXPECT_EQ(
      tables_->add({.query = "other"}, IdempotencyKey{.text = "k", .digest = "2"}, bounds_, now_)
          .status()
          .code(),
      StatusCode::kAlreadyExists);
  now_ += 2 * 3600 * kSecond;
  const auto later = tables_->add({.query = "q"}, key, bounds_, now_);
  EXPECT_NE(later->id, first->id);
  EXPECT_FALSE(later->is_replay);
}

TEST_F(TaskTablesTest, WhatAnotherProcessBeganHasFailedOrBeginsAnew) {
  const std::string waits = add();
  const std::string once = add();
  const std::string twice = add({.query = "q", .retry_on_restart = true});
  const std::string gone = add();
  const std::string held = add();
  ASSERT_TRUE(control(waits, Action::kPause).ok());
  for (int i = 0; i < 4; ++i) claim();
  ASSERT_TRUE(control(gone, Action::kCancel).ok());
  ASSERT_TRUE(tables_->append(find(held).row, {}, Change{.state = State::kPaused}, now_).ok());
  ASSERT_TRUE(control(waits, Action::kResume).ok());

  EXPECT_EQ(tables_->recover(now_).value(), 0);  // it is this process that runs them
  open("second");
  EXPECT_EQ(tables_->recover(now_).value(), 4);
  EXPECT_EQ(find(waits).state, State::kQueued);
  EXPECT_EQ(find(once).state, State::kFailed);
  EXPECT_THAT(find(once).error, HasSubstr("retry_on_restart"));
  EXPECT_THAT(types(find(once).row, 1), ElementsAre(kErrorOccurred, kWorkflowFailed, kStreamEnd));
  EXPECT_EQ(find(twice).state, State::kQueued);
  EXPECT_THAT(types(find(twice).row, 1), ElementsAre(kErrorRecovery));
  EXPECT_EQ(find(gone).state, State::kCancelled);
  EXPECT_EQ(find(held).state, State::kFailed);
  EXPECT_EQ(tables_->recover(now_).value(), 0);
}

TEST_F(TaskTablesTest, WhatKillsTheServiceEachTimeIsGivenUp) {
  const std::string id = add({.query = "q", .retry_on_restart = true});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(find(id).state, State::kQueued);
    claim();
    open("process " + std::to_string(i));
    ASSERT_EQ(tables_->recover(now_).value(), 1);
  }
  EXPECT_EQ(find(id).state, State::kFailed);
  EXPECT_EQ(find(id).attempts, 3);
}

TEST_F(TaskTablesTest, NumbersOfEventsAreNeverGivenTwice) {
  add();
  const Task task = claim();
  const auto before = tables_->append(task.row, {{.type = "A"}, {.type = "B"}}, std::nullopt, now_);
  EXPECT_EQ(before->back().seq, 3);
  open("second");
  ASSERT_EQ(tables_->recover(now_).value(), 1);
  const auto after = tables_->events_after(task.row, before->back().seq, 100).value();
  EXPECT_TRUE(after.is_final);
  EXPECT_GT(after.events.front().seq, before->back().seq + 100);
}

TEST_F(TaskTablesTest, OfEventsTheLastThousandAreKeptForADay) {
  add();
  const Task task = claim();
  for (int i = 0; i < 30; ++i) {
    std::vector<Event> events(50, Event{.type = "A", .message = std::to_string(i)});
    ASSERT_TRUE(tables_->append(task.row, events, std::nullopt, now_).ok());
  }
  const auto kept = tables_->events(task.row, 0, 10'000).value();
  EXPECT_EQ(kept.size(), kEventsKept);
  EXPECT_EQ(kept.back().seq, 1501);
  EXPECT_EQ(tables_->events(task.row, 990, 50).value().size(), 10U);
  ASSERT_TRUE(tables_->tidy(bounds_, now_ + 25 * 3600 * kSecond).ok());
  EXPECT_TRUE(tables_->events(task.row, 0, 10).value().empty());
}

TEST_F(TaskTablesTest, WhatWaitsIsBounded) {
  bounds_.queue = 2;
  const std::string first = add();
  add();
  EXPECT_EQ(tables_->add({.query = "q"}, std::nullopt, bounds_, now_).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(tables_->add({.tenant = "b", .query = "q"}, std::nullopt, bounds_, now_).ok());
  ASSERT_TRUE(control(first, Action::kCancel).ok());
  add();
  bounds_ = {.queue_bytes = 1000};
  EXPECT_EQ(
      tables_->add({.query = std::string(1001, 'x')}, std::nullopt, bounds_, now_).status().code(),
      StatusCode::kResourceExhausted);
}

TEST_F(TaskTablesTest, FinishedTasksGoOldestFirstAndOthersStay) {
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(add({.query = std::string(100, 'q')}));
  for (int i = 1; i < 5; ++i) ASSERT_TRUE(control(ids[i], Action::kCancel).ok());
  bounds_.kept = 4;
  ASSERT_TRUE(tables_->tidy(bounds_, now_).ok());
  EXPECT_EQ(tables_->list("default", {}).value().total, 4);
  EXPECT_EQ(tables_->find("default", ids[1]).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(find(ids[0]).state, State::kQueued);
  bounds_ = {.kept_bytes = 300};
  ASSERT_TRUE(tables_->tidy(bounds_, now_).ok());
  EXPECT_EQ(tables_->list("default", {}).value().total, 2);
  ASSERT_TRUE(control(ids[5], Action::kCancel).ok());
  ASSERT_TRUE(tables_->tidy({}, now_ + 31 * 24 * 3600 * kSecond).ok());
  EXPECT_EQ(tables_->list("default", {}).value().total, 1);
}

TEST_F(TaskTablesTest, WhatIsNoDatabaseOrANewerOneIsSaidToBe) {
  const auto other = directory_.path() / "other.db";
  std::ofstream(other) << std::string(5000, 'x');
  EXPECT_EQ(TaskTables::open(other, "i").status().code(), StatusCode::kDataLoss);
  {
    auto newer = Database::open(directory_.path() / "newer.db");
    ASSERT_TRUE((*newer)->run_script("PRAGMA user_version = 4").ok());
  }
  EXPECT_EQ(TaskTables::open(directory_.path() / "newer.db", "i").status().code(),
            StatusCode::kUnimplemented);
}

TEST_F(TaskTablesTest, ADatabaseCutShortSaysSoAndNothingMore) {
  for (int i = 0; i < 200; ++i) add({.query = std::string(2000, 'q')});
  tables_.reset();
  const auto file = directory_.path() / "tasks.db";
  const auto size = std::filesystem::file_size(file);
  for (const double part : {0.99, 0.5, 0.1, 0.01}) {
    std::filesystem::remove(directory_.path() / "tasks.db-wal");
    std::filesystem::resize_file(file,
                                 static_cast<std::uintmax_t>(static_cast<double>(size) * part));
    auto opened = TaskTables::open(file, "i");
    if (!opened.ok()) {
      EXPECT_EQ(opened.status().code(), StatusCode::kDataLoss) << opened.status();
      continue;
    }
    // Whatever can be read is; nothing else happens than that it fails.
    for (int i = 0; i < 50; ++i) {
      const auto claimed = (*opened)->claim(now_);
      if (!claimed.ok()) {
        EXPECT_EQ(claimed.status().code(), StatusCode::kDataLoss) << claimed.status();
        EXPECT_THAT(std::string(message_of(claimed.status())), ::testing::Not(HasSubstr("/")));
        break;
      }
    }
  }
}

TEST_F(TaskTablesTest, TheFirstFormatIsTakenOver) {
  const std::string id = add({.query = "old"});
  tables_.reset();
  {
    auto old = Database::open(directory_.path() / "tasks.db");
    ASSERT_TRUE((*old)
                    ->run_script("ALTER TABLE contents DROP COLUMN model; "
                                 "ALTER TABLE tasks DROP COLUMN tokens; "
                                 "ALTER TABLE tasks DROP COLUMN nanodollars; "
                                 "DROP TABLE sessions; PRAGMA user_version = 1")
                    .ok());
  }
  open("second");
  EXPECT_EQ(find(id).submission.query, "old");
  const Task task = claim();
  ASSERT_TRUE(
      tables_->append(task.row, {}, Change{.state = State::kCompleted, .model = "{\"a\":1}"}, now_)
          .ok());
  EXPECT_EQ(find(id).model["a"], 1);
}

/// What must become of a task, told in a second way.
struct Model {
  State state = State::kQueued;
  bool begun = false;
  bool pausing = false;
  bool cancelling = false;

  /// Whether the action is taken.
  bool control(Action action) {
    switch (action) {
      case Action::kCancel:
        if (state == State::kCancelled) return true;
        if (is_final(state)) return false;
        if (begun) {
          cancelling = true;
        } else {
          state = State::kCancelled;
        }
        return true;
      case Action::kPause:
        if (state == State::kPaused || pausing) return true;
        if (is_final(state) || cancelling) return false;
        if (state == State::kRunning) {
          pausing = true;
        } else {
          state = State::kPaused;
        }
        return true;
      case Action::kResume:
        if (state != State::kPaused && !pausing) return false;
        if (state == State::kPaused) state = State::kQueued;
        pausing = false;
        return true;
    }
    return false;
  }
};

TEST_F(TaskTablesTest, StatesAreThoseOfTheModelWhateverComes) {
  std::mt19937 random(7);  // NOLINT: the same each time
  std::map<std::string, Model> models;
  const auto pick = [&](const char* what, int of) {
    (void)what;
    return static_cast<int>(random() % static_cast<unsigned>(of));
  };
  for (int step = 0; step < 800; ++step) {
    if (models.size() < 12 && pick("add", 4) == 0) models[add()] = {};
    if (pick("claim", 3) == 0) {
      const auto claimed = tables_->claim(now_).value();
      const bool has_waiting = std::any_of(models.begin(), models.end(), [](const auto& each) {
        return each.second.state == State::kQueued;
      });
      ASSERT_EQ(claimed.has_value(), has_waiting);
      if (claimed) {
        Model& model = models.at(claimed->task.id);
        ASSERT_EQ(claimed->goes_on, model.begun);
        model.state = State::kRunning;
        model.begun = true;
      }
    }
    if (models.empty()) continue;
    auto at = models.begin();
    std::advance(at, pick("task", static_cast<int>(models.size())));
    auto& [id, model] = *at;
    const auto action = static_cast<Action>(pick("action", 3));
    ASSERT_EQ(control(id, action).ok(), model.control(action)) << id << " step " << step;
    const Task task = find(id);
    if (model.state == State::kRunning && pick("run", 3) == 0) {
      // The run comes to where it pauses, or to its end.
      const bool pauses = model.pausing && pick("pause", 2) == 0;
      const State next =
          pauses ? State::kPaused : static_cast<State>(3 + pick("end", 4));  // any final one
      ASSERT_TRUE(tables_->append(task.row, {}, Change{.state = next}, now_).ok());
      model.state = next;
      model.pausing = false;
      if (!pauses) model.begun = model.cancelling = false;
    }
    const Task now = find(id);
    ASSERT_EQ(now.state, model.state) << "step " << step;
    ASSERT_EQ(now.is_pausing, model.pausing) << "step " << step;
    if (is_final(now.state)) {
      ASSERT_GT(now.finished_unix_ns, 0);
      if (pick("forget", 3) == 0) models.erase(at);
    }
  }
}

}  // namespace
}  // namespace skerry::task
