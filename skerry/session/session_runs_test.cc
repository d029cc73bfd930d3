// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_runs.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/broker/test_run.h"
#include "skerry/image/test_template.h"
#include "skerry/runtime/registry.h"
#include "skerry/store/directory_store.h"

namespace skerry::session {
namespace {

using broker::testing::KeptOutput;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using store::SessionName;

struct Started {
  KeptOutput output;
  boost::asio::cancellation_signal stop;
  std::optional<Result<run::Report>> ended;

  const run::SessionReport& report() const { return *ended->value().session; }
};

/// The workers count in each session, and say whether they kept it, were woken, or began anew.
class SessionRunsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(60);
    std::filesystem::create_directories(home_.templates());
    // Under the default's name, and under the one that is written in it.
    for (const char* name : {"python-data.image", "test.image"}) {
      std::filesystem::copy_file(template_.file, home_.templates() / name);
    }
    start({});
  }
  void TearDown() override {
    runs_.reset();
    broker_.reset();
    ::alarm(0);
  }

  void start(const SessionRuns::Options& with) {
    runs_.reset();
    broker_.reset();
    broker::Options options;
    options.zygote = SKERRY_TEST_ZYGOTE;
    options.home = home_;
    options.workers = 4;
    options.spares = 1;
    options.share = 3;
    options.queue = 100;
    auto broker = broker::Broker::start(io_, options);
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
    auto runs = SessionRuns::start(io_, *broker_, runtime::bundled_in(home_), stores_, with);
    ASSERT_TRUE(runs.ok()) << runs.status();
    runs_ = *std::move(runs);
  }

  std::shared_ptr<Started> begin(const std::string& name, const std::string& order = "count",
                                 const std::string& tenant = "t",
                                 milliseconds wall = milliseconds(20'000)) {
    auto started = std::make_shared<Started>();
    SessionRuns::Order run{.tenant = tenant,
                           .name = SessionName::parse(name).value(),
                           .request = {},
                           .observer = &started->output};
    run.request.program.code = order;
    run.request.limits.wall = wall;
    boost::asio::co_spawn(
        io_, runs_->run(std::move(run)),
        boost::asio::bind_cancellation_slot(
            started->stop.slot(), [started](const std::exception_ptr&, Result<run::Report> answer) {
              started->ended = std::move(answer);
            }));
    return started;
  }

  template <typename Condition>
  bool wait_until(const Condition& condition) {
    return broker::testing::wait_until(io_, condition);
  }

  Started& finish(Started& started) {
    EXPECT_TRUE(wait_until([&] { return started.ended.has_value(); })) << "never ended";
    if (!started.ended) started.ended = absl::InternalError("never ended");
    EXPECT_TRUE(started.ended->ok()) << started.ended->status();
    if (!started.ended->ok())
      started.ended = run::Report{.outcome = {}, .session = run::SessionReport{}};
    return started;
  }

  /// What a counting run says.
  std::string count(const std::string& name, const std::string& tenant = "t") {
    const auto started = begin(name, "count", tenant);
    finish(*started);
    EXPECT_EQ(started->report().saved, "committed") << started->report().message;
    return started->output.text;
  }

  std::unique_ptr<store::DirectoryStore> store(const std::string& tenant = "t") const {
    return store::DirectoryStore::open(home_.store(), tenant, {}).value();
  }

  TestDirectory directory_;
  const runtime::Home home_{directory_ / "kind"};
  image::testing::TestTemplate template_;
  boost::asio::io_context io_;
  std::unique_ptr<broker::Broker> broker_;
  const std::shared_ptr<store::DirectoryStores> stores_ =
      std::make_shared<store::DirectoryStores>(home_.store(), store::Policy());
  std::unique_ptr<SessionRuns> runs_;
};

TEST_F(SessionRunsTest, EveryRunGoesOnWhereTheLastEnded) {
  EXPECT_EQ(count("s"), "new 1");
  EXPECT_EQ(count("s"), "kept 2");
  EXPECT_EQ(count("s"), "kept 3");
  EXPECT_EQ(count("other"), "new 1");
  EXPECT_EQ(store()->info(SessionName::parse("s").value())->head, 3);
}

TEST_F(SessionRunsTest, ARevisionIsTheTruthWhoeverMovedTheHead) {
  for (int i = 0; i < 3; ++i) count("s");
  const auto other = store();
  const auto s = SessionName::parse("s").value();
  ASSERT_TRUE(other->rewind(s, "1").ok());
  EXPECT_EQ(count("s"), "woken 2");
  ASSERT_TRUE(other->fork(s, SessionName::parse("fork").value()).ok());
  EXPECT_EQ(count("fork"), "woken 3");
  EXPECT_EQ(count("s"), "kept 3");
  ASSERT_TRUE(other->rewind(s, "0").ok());
  EXPECT_EQ(count("s"), "new 1");
  ASSERT_TRUE(other->clear(s).ok());
  EXPECT_EQ(count("s"), "new 1");
}

TEST_F(SessionRunsTest, RunsOfOneSessionQueueInOrder) {
  std::vector<std::shared_ptr<Started>> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(begin("s"));
  for (int i = 0; i < 20; ++i) {
    finish(*runs[i]);
    EXPECT_EQ(runs[i]->report().revision, i + 1);
    EXPECT_TRUE(runs[i]->output.text.ends_with(" " + std::to_string(i + 1)));
  }
}

TEST_F(SessionRunsTest, TenantsHaveSessionsOfTheirOwn) {
  EXPECT_EQ(count("s", "one"), "new 1");
  EXPECT_EQ(count("s", "two"), "new 1");
  EXPECT_EQ(count("s", "one"), "kept 2");
  EXPECT_EQ(store("one")->list()->size(), 1U);
  EXPECT_EQ(store("three")->list()->size(), 0U);
}

TEST_F(SessionRunsTest, IdleSessionsHibernateAndWake) {
  start({.hibernate = milliseconds(20)});
  EXPECT_EQ(count("s"), "new 1");
  EXPECT_TRUE(wait_until([&] { return runs_->kept() == 0; }));
  EXPECT_EQ(count("s"), "woken 2");
}

TEST_F(SessionRunsTest, AWorkerKeepsSoManySessionsAndNoMore) {
  start({.kept = 2});
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(count(name), "new 1");
  EXPECT_EQ(runs_->kept(), 2);
  EXPECT_EQ(count("a"), "woken 2") << "it was the one longest unused";
  EXPECT_EQ(count("c"), "kept 2");
}

TEST_F(SessionRunsTest, AnotherProcessInTheSessionIsWaitedFor) {
  count("s");
  const auto other = store();
  auto lease = std::make_optional(other->lease(SessionName::parse("s").value()).value());
  const auto waiting = begin("s");
  io_.run_for(milliseconds(50));
  EXPECT_FALSE(waiting->ended.has_value());
  EXPECT_EQ(count("t"), "new 1") << "and holds nobody else up";
  lease.reset();
  finish(*waiting);
  EXPECT_EQ(waiting->report().revision, 2);
}

struct Misdeed {
  const char* order;
  OutcomeKind kind;
  const char* message;
};

class WorkerOfASession : public SessionRunsTest, public ::testing::WithParamInterface<Misdeed> {};

TEST_P(WorkerOfASession, LosesItsOwnRunOnly) {
  count("s");
  count("s");
  const auto run = begin("s", GetParam().order, "t", milliseconds(300));
  finish(*run);
  EXPECT_EQ(sandbox::name_of(run->ended->value().outcome.kind), sandbox::name_of(GetParam().kind));
  EXPECT_EQ(run->report().saved, "no");
  EXPECT_EQ(run->report().revision, 2);
  EXPECT_NE(run->report().message.find(GetParam().message), std::string::npos)
      << run->report().message;
  EXPECT_EQ(count("s"), "woken 3");
}

INSTANTIATE_TEST_SUITE_P(
    That, WorkerOfASession,
    ::testing::Values(Misdeed{"hang", OutcomeKind::kDeadline, "rewound to revision 2: deadline"},
                      Misdeed{"exit", OutcomeKind::kCompleted, "the interpreter ended itself"},
                      Misdeed{"unsealed", OutcomeKind::kCompleted, "not sealed"},
                      Misdeed{"a host's file", OutcomeKind::kCompleted, "not sealed"},
                      Misdeed{"garbage", OutcomeKind::kCompleted, "no captured state"},
                      Misdeed{"few bytes of garbage", OutcomeKind::kCompleted, "no captured state"},
                      Misdeed{"two states", OutcomeKind::kCrashed, "rewound to revision 2"},
                      Misdeed{"file and bytes", OutcomeKind::kCrashed, "rewound to revision 2"},
                      Misdeed{"state and no end", OutcomeKind::kCrashed, "rewound to revision 2"}),
    [](const auto& parameter) { return broker::testing::name_of_order(parameter.param.order); });

TEST_F(SessionRunsTest, AStateThatTheWorkerDoesNotKeepIsWokenFromDisk) {
  EXPECT_EQ(finish(*begin("s", "not kept")).report().saved, "committed");
  EXPECT_EQ(count("s"), "woken 2");
}

TEST_F(SessionRunsTest, WhatChangesLittleIsKeptWithoutAFile) {
  EXPECT_EQ(count("s"), "new 1");
  const auto files = [&] { return store()->files().list().size(); };
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(finish(*begin("s", "little")).report().saved, "committed");
  EXPECT_EQ(count("s"), "kept 3");
  EXPECT_EQ(finish(*begin("s", "little")).report().saved, "committed");
  EXPECT_EQ(files(), 2U) << "of the runs that left a page";
  finish(*begin("s", "hang", "t", milliseconds(100)));
  EXPECT_EQ(count("s"), "woken 5");
}

TEST_F(SessionRunsTest, ADeadWorkersSessionsAreWokenInAnother) {
  EXPECT_EQ(count("a"), "new 1");
  EXPECT_EQ(count("b"), "new 1");
  finish(*begin("a", "hang", "t", milliseconds(100)));
  EXPECT_EQ(count("b"), "woken 2");
  EXPECT_EQ(count("a"), "woken 2");
}

TEST_F(SessionRunsTest, CancelledRunsLeaveTheSessionWhereItWas) {
  count("s");
  const auto running = begin("s", "hang");
  const auto waiting = begin("s");
  const auto last = begin("s");
  ASSERT_TRUE(wait_until([&] { return !running->output.text.empty(); }));
  waiting->stop.emit(boost::asio::cancellation_type::terminal);
  running->stop.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*waiting).ended->value().outcome.kind, OutcomeKind::kCancelled);
  EXPECT_EQ(finish(*running).ended->value().outcome.kind, OutcomeKind::kCancelled);
  EXPECT_EQ(running->report().message,
            "rewound to revision 1: cancelled, so nothing of this run is kept");
  EXPECT_EQ(finish(*last).report().revision, 2);
  last->stop.emit(boost::asio::cancellation_type::terminal);
}

TEST_F(SessionRunsTest, TheQueueOfASessionIsBounded) {
  start({.queue = 1});
  const auto first = begin("s");
  const auto second = begin("s");
  const auto third = begin("s");
  ASSERT_TRUE(wait_until([&] { return third->ended.has_value(); }));
  EXPECT_EQ(third->ended->status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(finish(*second).report().revision, 2);
}

TEST_F(SessionRunsTest, WhatTheStoreRefusesIsAnAnswer) {
  std::filesystem::remove(home_.templates() / "python-data.image");
  const auto run = begin("s");
  ASSERT_TRUE(wait_until([&] { return run->ended.has_value(); }));
  EXPECT_EQ(run->ended->status().code(), StatusCode::kNotFound);
}

TEST_F(SessionRunsTest, SettingOutOfBoundsIsRefused) {
  const auto start = [&](const SessionRuns::Options& with) {
    return SessionRuns::start(io_, *broker_, runtime::bundled_in(home_), stores_, with).status();
  };
  EXPECT_EQ(start({.hibernate = milliseconds(0)}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(start({.kept = 17}).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace skerry::session
