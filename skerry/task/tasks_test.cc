// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/tasks.h"

#include <fcntl.h>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/task/events.h"
#include "skerry/tool/toolbox.h"

namespace skerry::task {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Says what it was told to, when its gate is open; fails, is too busy or takes too long on
/// request.
class Step final : public tool::Tool {
 public:
  explicit Step(asio::io_context& io) : gate(io, asio::steady_timer::time_point::max()) {}

  const tool::Definition& definition() const override {
    static const tool::Definition kDefinition{.name = "step",
                                              .version = "1",
                                              .description = "A step",
                                              .category = "test",
                                              .parameters = {{.name = "text"}}};
    return kDefinition;
  }
  asio::awaitable<tool::ToolResult> call(tool::Arguments arguments, access::Principal caller,
                                         tool::OutputCallback seen) override {
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::string text = arguments.has("text") ? arguments.text("text") : "";
    ++calls;
    session = caller.session;
    if (text == "busy" && ++refused < 3) co_return tool::failed(tool::Verdict::kBusy, "busy");
    if (seen) seen(wasi::Stream::kStdout, text);
    if (text == "wait") {
      ++waiting;
      most_waiting = std::max(most_waiting, waiting);
      auto wait = gate.async_wait(asio::as_tuple(asio::use_awaitable));
      (void)co_await std::move(wait);
      --waiting;
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        co_return tool::failed(tool::Verdict::kCancelled, "stopped");
      }
    }
    if (text == "fail") co_return tool::failed(tool::Verdict::kFailed, "it broke");
    if (text == "long") co_return tool::failed(tool::Verdict::kTimeout, "too long");
    co_return tool::ToolResult{.output = text};
  }

  void open() { gate.cancel(); }

  asio::steady_timer gate;
  int calls = 0;
  int refused = 0;
  int waiting = 0;
  int most_waiting = 0;
  std::string session;
};

/// A service's loop with its tasks, which can die and come back.
class Process {
 public:
  Process(const std::filesystem::path& directory, int running) {
    auto made = std::make_unique<Step>(io);
    step = made.get();
    tools.add(std::move(made));
    tasks = std::make_unique<Tasks>(
        io, agent,
        Options{.directory = directory, .running = running, .complain = [](const auto&) {}});
  }
  ~Process() {
    tasks.reset();
    io.stop();
  }

  /// The result of a coroutine, while everything else goes on.
  template <typename T>
  T wait(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& error, T ended) {
      if (error) std::rethrow_exception(error);
      result.emplace(std::move(ended));
    });
    io.restart();
    while (!result) io.run_one();
    return std::move(*result);
  }
  template <typename Condition>
  bool run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  static Submission steps(const std::vector<std::string>& texts) {
    nlohmann::json calls = nlohmann::json::array();
    for (const auto& each : texts) {
      calls.push_back({{"tool", "step"}, {"parameters", {{"text", each}}}});
    }
    return {.query = "steps", .context = {{"tool_calls", calls}}};
  }
  std::string submit(const std::vector<std::string>& texts) {
    auto accepted = wait(tasks->submit(steps(texts), std::nullopt));
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    return accepted.ok() ? accepted->id : "";
  }
  Task find(const std::string& id) { return wait(tasks->find("default", id)).value(); }
  Result<Task> control(const std::string& id, Action action) {
    return wait(tasks->control("default", id, action, {}));
  }
  bool comes_to(const std::string& id, State state) {
    for (int i = 0; i < 1000; ++i) {
      if (find(id).state == state) return true;
      io.run_one_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  std::vector<std::string> types(const std::string& id) {
    std::vector<std::string> names;
    const auto events = wait(tasks->events("default", id, 0, 1000));
    for (const Event& each : *events) names.push_back(each.type);
    return names;
  }
  /// All events behind `after`, to the end.
  std::vector<EventPointer> follow(const std::string& id, std::int64_t after) {
    std::vector<EventPointer> all;
    auto reader = wait(tasks->follow("default", id, after));
    for (;;) {
      auto batch = wait(reader->next());
      if (!batch.ok() || batch->empty()) return all;
      all.insert(all.end(), batch->begin(), batch->end());
    }
  }

  asio::io_context io;
  tool::Toolbox tools;
  agent::Agent agent{tools};
  Step* step = nullptr;
  std::unique_ptr<Tasks> tasks;
};

class TasksTest : public ::testing::Test {
 protected:
  TasksTest() { start(); }
  void start(int running = 2) {
    process_.reset();
    process_ = std::make_unique<Process>(directory_ / "tasks", running);
  }
  Process& now() { return *process_; }

  TestDirectory directory_;
  std::unique_ptr<Process> process_;
};

TEST_F(TasksTest, ATaskIsCarriedOutAndToldInEvents) {
  const std::string id = now().submit({"a", "b"});
  ASSERT_TRUE(now().comes_to(id, State::kCompleted));
  const Task task = now().find(id);
  EXPECT_EQ(task.result, "b");
  EXPECT_EQ(task.executions.size(), 2U);
  EXPECT_EQ(task.progress, 1);
  EXPECT_EQ(now().step->session, "");  // one that we made up is a label
  EXPECT_FALSE(task.submission.session.empty());
  EXPECT_THAT(now().types(id), ElementsAre(kWorkflowStarted, kToolInvoked, kToolObservation,
                                           kToolObservation, kToolInvoked, kToolObservation,
                                           kToolObservation, kWorkflowCompleted, kStreamEnd));
}

TEST_F(TasksTest, HowARunEndedIsTheTasksState) {
  const std::string failed = now().submit({"fail", "a"});
  const std::string late = now().submit({"a", "long"});
  ASSERT_TRUE(now().comes_to(failed, State::kFailed));
  ASSERT_TRUE(now().comes_to(late, State::kTimeout));
  EXPECT_EQ(now().find(failed).error, "it broke");
  EXPECT_EQ(now().find(failed).result, "a");
  EXPECT_EQ(now().find(late).error, "too long");
}

TEST_F(TasksTest, WhatCannotBeDoneIsRefusedAtOnce) {
  const auto code = [&](Submission submission) {
    return now().wait(now().tasks->submit(std::move(submission), std::nullopt)).status().code();
  };
  EXPECT_EQ(code({.query = "what time is it?"}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(code({.query = ""}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.session = "a/b", .query = "Execute Python: 1"}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "q", .context = {{"tool_calls", 1}}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "q", .context = {{"tool_calls", {1}}}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.query = "q", .mode = "odd"}), StatusCode::kInvalidArgument);
  Submission forbidden = Process::steps({"a"});
  forbidden.context["allowed_tools"] = nlohmann::json::array();
  EXPECT_EQ(code(forbidden), StatusCode::kPermissionDenied);
  EXPECT_EQ(now().wait(now().tasks->list("default", {})).value().total, 0);
}

TEST_F(TasksTest, WhatACallerMayCallHoldsForItsTasks) {
  Submission submission = Process::steps({"a"});
  submission.tools = std::make_shared<const std::vector<std::string>>(1, "other");
  EXPECT_EQ(now().wait(now().tasks->submit(submission, std::nullopt)).status().code(),
            StatusCode::kPermissionDenied);
  submission.tools = std::make_shared<const std::vector<std::string>>(1, "step");
  submission.key = "k";
  const auto accepted = now().wait(now().tasks->submit(submission, std::nullopt));
  ASSERT_TRUE(now().comes_to(accepted->id, State::kCompleted));
  const Task task = now().find(accepted->id);  // as it is kept
  EXPECT_EQ(task.submission.key, "k");
  EXPECT_EQ(*task.submission.tools, std::vector<std::string>{"step"});
}

TEST_F(TasksTest, NoMoreRunAtOnceThanTheSettingSays) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(now().submit({"wait"}));
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 2; }));
  EXPECT_EQ(now().find(ids[4]).state, State::kQueued);
  for (const std::string& each : ids) {
    ASSERT_TRUE(now().run_until([&] {
      now().step->open();
      return now().find(each).state == State::kCompleted;
    }));
  }
  EXPECT_EQ(now().step->most_waiting, 2);
}

TEST_F(TasksTest, ARunningTaskIsCancelled) {
  const std::string id = now().submit({"wait", "b"});
  ASSERT_TRUE(now().run_until([&] { return now().types(id).size() == 3; }));
  ASSERT_TRUE(now().control(id, Action::kCancel).ok());
  ASSERT_TRUE(now().comes_to(id, State::kCancelled));
  EXPECT_EQ(now().step->calls, 1);
  EXPECT_EQ(now().find(id).error, "stopped");
  EXPECT_THAT(now().types(id),
              ElementsAre(kWorkflowStarted, kToolInvoked, kToolObservation, kWorkflowCancelling,
                          kToolObservation, kWorkflowCancelled, kStreamEnd));
  EXPECT_TRUE(now().run_until([&] { return now().tasks->is_idle(); }));
  EXPECT_TRUE(now().control(id, Action::kCancel).ok());  // again: it is so
  EXPECT_EQ(now().control(id, Action::kResume).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(TasksTest, APausedTaskGivesItsPlaceAwayAndGoesOnWhereItWas) {
  start(1);
  const std::string id = now().submit({"wait", "b", "c"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  EXPECT_TRUE(now().control(id, Action::kPause)->is_pausing);
  EXPECT_EQ(now().find(id).state, State::kRunning);
  now().step->open();
  ASSERT_TRUE(now().comes_to(id, State::kPaused));
  EXPECT_EQ(now().step->calls, 1);
  EXPECT_NEAR(now().find(id).progress, 1.0 / 3, 0.01);
  const std::string other = now().submit({"x"});
  ASSERT_TRUE(now().comes_to(other, State::kCompleted));
  ASSERT_TRUE(now().control(id, Action::kResume).ok());
  ASSERT_TRUE(now().comes_to(id, State::kCompleted));
  EXPECT_EQ(now().find(id).executions.size(), 3U);
  EXPECT_EQ(now().find(id).attempts, 1);
}

TEST_F(TasksTest, AWishToPauseCanBeTakenBackAndAPausedTaskCancelled) {
  const std::string first = now().submit({"wait", "b"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  ASSERT_TRUE(now().control(first, Action::kPause).ok());
  ASSERT_TRUE(now().control(first, Action::kResume).ok());
  now().step->open();
  ASSERT_TRUE(now().comes_to(first, State::kCompleted));

  const std::string second = now().submit({"wait", "b"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  ASSERT_TRUE(now().control(second, Action::kPause).ok());
  now().step->open();
  ASSERT_TRUE(now().comes_to(second, State::kPaused));
  ASSERT_TRUE(now().control(second, Action::kCancel).ok());
  ASSERT_TRUE(now().comes_to(second, State::kCancelled))
      << static_cast<int>(now().find(second).state);
  EXPECT_EQ(now().find(second).executions.size(), 1U);
  EXPECT_TRUE(now().run_until([&] { return now().tasks->is_idle(); }));
}

TEST_F(TasksTest, WhileTheBrokerIsBusyATaskWaits) {
  const std::string id = now().submit({"busy"});
  ASSERT_TRUE(now().comes_to(id, State::kCompleted));
  EXPECT_EQ(now().step->calls, 3);
  EXPECT_EQ(now().find(id).executions.size(), 1U);
}

TEST_F(TasksTest, AfterARestartWhatWaitedRunsAndWhatRanIsReported) {
  start(1);
  const std::string ran = now().submit({"wait"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  const std::string waited = now().submit({"later"});
  start(1);
  ASSERT_TRUE(now().comes_to(waited, State::kCompleted));
  EXPECT_EQ(now().find(ran).state, State::kFailed);
  EXPECT_THAT(now().find(ran).error, HasSubstr("the service stopped"));
  EXPECT_EQ(now().step->calls, 1);
}

TEST_F(TasksTest, WhoFollowsSeesEachEventOnceWhereverHeGoesOn) {
  const std::string id = now().submit({"a", "wait", "b"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  auto reader = now().wait(now().tasks->follow("default", id, 0));
  const auto early = now().wait(reader->next());
  ASSERT_TRUE(early.ok());
  now().step->open();
  auto rest = now().follow(id, reader->place());
  std::vector<std::int64_t> seqs;
  for (const auto& each : *early) seqs.push_back(each->seq);
  for (const auto& each : rest) seqs.push_back(each->seq);
  for (std::size_t i = 0; i < seqs.size(); ++i) EXPECT_EQ(seqs[i], static_cast<int>(i) + 1);
  EXPECT_EQ(rest.back()->type, kStreamEnd);
  EXPECT_THAT(now().follow(id, seqs.back()), IsEmpty());
  EXPECT_EQ(now().follow(id, 0).size(), seqs.size());  // all of it from the store
  EXPECT_EQ(now().wait(now().tasks->follow("other", id, 0)).status().code(), StatusCode::kNotFound);
}

TEST_F(TasksTest, WhoFollowsWhatWaitsHearsThatTheServiceStops) {
  start(1);
  const std::string runs = now().submit({"wait"});
  ASSERT_TRUE(now().run_until([&] { return now().step->waiting == 1; }));
  const std::string waits = now().submit({"a"});
  auto reader = now().wait(now().tasks->follow("default", waits, 0));
  now().tasks->stop();
  EXPECT_EQ(now().wait(reader->next()).status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(now().tasks->is_idle());
  now().step->open();
  EXPECT_EQ(now().follow(runs, 0).back()->type, kStreamEnd);
  EXPECT_TRUE(now().run_until([&] { return now().tasks->is_idle(); }));
  EXPECT_EQ(now().find(waits).state, State::kQueued);
  EXPECT_EQ(now().wait(now().tasks->submit(Process::steps({"a"}), std::nullopt)).status().code(),
            StatusCode::kUnavailable);
}

TEST_F(TasksTest, OneProcessAtATimeHasTheTasks) {
  const std::string id = now().submit({"a"});
  ASSERT_TRUE(now().comes_to(id, State::kCompleted));
  Process other(directory_ / "tasks", 1);
  const auto refused = other.wait(other.tasks->find("default", id));
  EXPECT_EQ(refused.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(message_of(refused.status())), HasSubstr("another service"));
  process_.reset();
  EXPECT_EQ(other.find(id).state, State::kCompleted);
}

TEST_F(TasksTest, ADamagedDatabaseIsSaidToBeAndMendedByMovingItAway) {
  const std::string id = now().submit({"a"});
  ASSERT_TRUE(now().comes_to(id, State::kCompleted));
  process_.reset();
  const auto file = directory_ / "tasks/tasks.db";
  std::filesystem::remove(directory_ / "tasks/tasks.db-wal");
  std::filesystem::resize_file(file, 0);
  {
    const auto fd = open_file(file, O_WRONLY).value();
    ASSERT_TRUE(write_all(fd.get(), as_bytes(std::string(4096, 'x'))).ok());
  }
  start();
  const auto refused = now().wait(now().tasks->submit(Process::steps({"a"}), std::nullopt));
  EXPECT_EQ(refused.status().code(), StatusCode::kDataLoss);
  std::filesystem::rename(file, directory_ / "tasks/damaged.db");
  const std::string again = now().submit({"a"});
  EXPECT_TRUE(now().comes_to(again, State::kCompleted));
}

}  // namespace
}  // namespace skerry::task
