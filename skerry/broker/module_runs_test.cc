// SPDX-License-Identifier: Apache-2.0
// Runs of modules in the pool, with a zygote whose module workers do what they are told.
#include <algorithm>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/broker/broker.h"
#include "skerry/broker/test_run.h"
#include "skerry/jail/memory_file.h"

namespace skerry::broker {
namespace {

using sandbox::Outcome;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using testing::KeptOutput;

struct StartedModule {
  KeptOutput output;
  Broker::RunId id = 0;
  std::optional<Result<Outcome>> ended;

  bool has_begun() const { return output.text == "begun"; }
};

class ModuleRunsTest : public ::testing::Test {
 protected:
  void SetUp() override { ::alarm(60); }
  void TearDown() override {
    broker_.reset();
    ::alarm(0);
  }

  void start(int workers, int share, int queue = 4) {
    Options options;
    options.zygote = SKERRY_TEST_ZYGOTE;
    options.home.root = "/nowhere/kind";
    options.workers = workers;
    options.spares = 1;
    options.share = share;
    options.queue = queue;
    auto broker = Broker::start(io_, options);
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }

  /// A run of a module: `module` says what becomes of its worker, `order` what the run does.
  std::shared_ptr<StartedModule> begin(const std::string& order, const std::string& tenant = "t",
                                       const std::string& module = "good",
                                       milliseconds wall = milliseconds(20'000)) {
    auto file = jail::make_memory_file("module");
    EXPECT_TRUE(write_all(file->get(), as_bytes(module)).ok());
    ::lseek(file->get(), 0, SEEK_SET);
    auto run = run_of(tenant, wall);
    run.module = std::make_shared<const OwnedFd>(*std::move(file));
    run.isolation = run::Isolation::kProcess;
    run.request.command = {{.arguments = {order}, .environment = {}}};
    return begun(std::move(run));
  }

  std::shared_ptr<StartedModule> begin_program(const std::string& order, const std::string& tenant,
                                               run::Isolation isolation = run::Isolation::kTenant) {
    auto run = run_of(tenant, milliseconds(20'000));
    run.request.program.code = order;
    run.isolation = isolation;
    return begun(std::move(run));
  }

  template <typename Condition>
  bool wait_until(const Condition& condition) {
    return testing::wait_until(io_, condition);
  }

  Outcome end_of(StartedModule& started) {
    EXPECT_TRUE(wait_until([&] { return started.ended.has_value(); })) << "never ended";
    if (!started.ended) return {};
    EXPECT_TRUE(started.ended->ok()) << started.ended->status();
    return started.ended->value_or(Outcome{});
  }
  StatusCode failure_of(StartedModule& started) {
    EXPECT_TRUE(wait_until([&] { return started.ended.has_value(); })) << "never ended";
    return started.ended ? started.ended->status().code() : StatusCode::kOk;
  }

  boost::asio::io_context io_;
  std::unique_ptr<Broker> broker_;

 private:
  static broker::Run run_of(const std::string& tenant, milliseconds wall) {
    broker::Run run;
    run.tenant = tenant;
    run.request.limits.wall = wall;
    run.request.limits.output = kib(64);
    return run;
  }
  std::shared_ptr<StartedModule> begun(broker::Run run) {
    auto started = std::make_shared<StartedModule>();
    run.observer = &started->output;
    started->id = broker_->run(std::move(run),
                               [started](Result<Outcome> outcome) { started->ended = outcome; });
    return started;
  }
};

TEST_F(ModuleRunsTest, EachHasAProcessOfItsOwnThatGoesWithIt) {
  start(4, 3);
  const auto one = begin("pid");
  const auto two = begin("pid");
  EXPECT_EQ(end_of(*one).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(end_of(*two).kind, OutcomeKind::kCompleted);
  EXPECT_NE(one->output.text, two->output.text);
  EXPECT_TRUE(wait_until([&] {
    const run::Counts counts = broker_->counts();
    return counts.idle + counts.running == 0 && counts.spare == 1;
  }));
  EXPECT_EQ(broker_->counts().runs, 2U);
}

TEST_F(ModuleRunsTest, AWorkerThatDiesOfItsModuleIsTriedOnceMore) {
  start(4, 3);
  EXPECT_EQ(failure_of(*begin("pid", "t", "dies")), StatusCode::kUnavailable);
  EXPECT_EQ(broker_->counts().died, 2U);
  EXPECT_EQ(broker_->counts().runs, 1U);
  EXPECT_EQ(end_of(*begin("pid")).kind, OutcomeKind::kCompleted);
}

TEST_F(ModuleRunsTest, AProcessThatHarmsItselfHarmsItsRunOnly) {
  start(4, 3);
  const auto other = begin("hang", "other");
  const auto end = [&](const char* order) {
    return end_of(*begin(order, "t", "good", milliseconds(300))).kind;
  };
  EXPECT_EQ(end("hang"), OutcomeKind::kDeadline);
  EXPECT_EQ(end("flood"), OutcomeKind::kCrashed);
  EXPECT_EQ(end("crash"), OutcomeKind::kCrashed);
  EXPECT_EQ(end("garbage"), OutcomeKind::kCrashed);
  EXPECT_EQ(end("descriptor"), OutcomeKind::kCrashed);
  EXPECT_EQ(end("state"), OutcomeKind::kCrashed);
  EXPECT_EQ(end("changes without end"), OutcomeKind::kCrashed);
  EXPECT_FALSE(other->ended.has_value());
}

TEST_F(ModuleRunsTest, CancelEndsOneWhoseWorkerIsNotReadyAndOneThatRuns) {
  start(4, 1);
  const auto starting = begin("pid", "t", "hangs");
  const auto waiting = begin("pid");
  EXPECT_EQ(broker_->counts().waiting, 2) << "one of them for its worker";
  broker_->cancel(starting->id);
  EXPECT_EQ(end_of(*starting).kind, OutcomeKind::kCancelled);
  EXPECT_EQ(end_of(*waiting).kind, OutcomeKind::kCompleted);
  const auto running = begin("hang");
  ASSERT_TRUE(wait_until([&] { return running->has_begun(); }));
  broker_->cancel(running->id);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(end_of(*running).kind, OutcomeKind::kCancelled);
  EXPECT_EQ(end_of(*begin("pid")).kind, OutcomeKind::kCompleted);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, milliseconds(500));
}

TEST_F(ModuleRunsTest, ASpareMakesRoom) {
  start(1, 1);
  ASSERT_TRUE(wait_until([&] { return broker_->counts().spare == 1; }));
  EXPECT_EQ(end_of(*begin("pid")).kind, OutcomeKind::kCompleted);
  EXPECT_TRUE(wait_until([&] { return broker_->counts().spare == 1; }));
}

TEST_F(ModuleRunsTest, ATenantsIdleWorkerGivesUpItsShare) {
  start(4, 1);
  for (const run::Isolation isolation : {run::Isolation::kTenant, run::Isolation::kProcess}) {
    EXPECT_EQ(end_of(*begin_program("pid", "t")).kind, OutcomeKind::kCompleted);
    EXPECT_EQ(end_of(*begin("pid")).kind, OutcomeKind::kCompleted);
    EXPECT_EQ(end_of(*begin_program("pid", "t", isolation)).kind, OutcomeKind::kCompleted);
  }
}

TEST_F(ModuleRunsTest, ProgramsAndModulesTakeTurnsForOnePlace) {
  start(1, 1, 100);
  std::vector<std::shared_ptr<StartedModule>> modules;
  std::vector<std::shared_ptr<StartedModule>> programs;
  for (int i = 0; i < 10; ++i) {
    modules.push_back(begin("print x", "modules"));
    programs.push_back(begin_program("print x", "programs"));
  }
  const auto left = [](const auto& runs) {
    return std::count_if(runs.begin(), runs.end(),
                         [](const auto& each) { return !each->ended.has_value(); });
  };
  end_of(*begin("print y", "one"));
  EXPECT_GT(left(modules), 0) << "a single run waited for all of another tenant's";
  end_of(*begin_program("print y", "two"));
  EXPECT_GT(left(programs), 0);
  for (const auto& each : modules) EXPECT_EQ(end_of(*each).kind, OutcomeKind::kCompleted);
  for (const auto& each : programs) EXPECT_EQ(end_of(*each).kind, OutcomeKind::kCompleted);
}

TEST_F(ModuleRunsTest, QueueIsBounded) {
  start(4, 1, 2);
  const auto running = begin("hang");
  ASSERT_TRUE(wait_until([&] { return running->has_begun(); }));
  const auto first = begin("pid");
  const auto second = begin("pid");
  EXPECT_EQ(failure_of(*begin("pid")), StatusCode::kResourceExhausted);
  EXPECT_EQ(end_of(*begin("pid", "another")).kind, OutcomeKind::kCompleted);
  broker_->cancel(running->id);
  EXPECT_EQ(end_of(*first).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(end_of(*second).kind, OutcomeKind::kCompleted);
}

TEST_F(ModuleRunsTest, WhoWaitsForAWorkerOfALostZygoteGetsAnother) {
  start(4, 3);
  const auto running = begin("hang");
  ASSERT_TRUE(wait_until([&] { return running->has_begun(); }));
  const auto starting = begin("pid", "t", "hangs");
  ::kill(broker_->processes().at(0), SIGKILL);
  EXPECT_EQ(end_of(*running).kind, OutcomeKind::kCrashed);
  EXPECT_TRUE(wait_until([&] { return broker_->counts().spare == 1; }));
  EXPECT_EQ(broker_->counts().zygotes, 2U);
  EXPECT_FALSE(starting->ended.has_value());
  EXPECT_EQ(broker_->counts().waiting, 1);
  broker_->cancel(starting->id);
  EXPECT_EQ(end_of(*starting).kind, OutcomeKind::kCancelled);
}

}  // namespace
}  // namespace skerry::broker
