// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/broker.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/broker/test_broker.h"

namespace skerry::broker {
namespace {

using sandbox::Outcome;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using testing::BrokerTest;
using testing::Started;

TEST_F(BrokerTest, RunsAndRelaysOutput) {
  start(options());
  const auto run = begin("print hello");
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run->output.text, "hello");
  EXPECT_EQ(broker_->counts().runs, 1U);
}

TEST_F(BrokerTest, SettingOutOfBoundsIsRefused) {
  Options wrong = options();
  wrong.spares = 5;
  EXPECT_EQ(Broker::start(io_, wrong).status().code(), StatusCode::kInvalidArgument);
  wrong = options();
  wrong.workers = 0;
  EXPECT_EQ(Broker::start(io_, wrong).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(BrokerTest, ZygoteThatCannotServeSaysWhy) {
  const auto broker = Broker::start(io_, options("refuses"));
  EXPECT_EQ(broker.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(message_of(broker.status()), "run setup");
}

TEST_F(BrokerTest, ZygoteThatDiesAtOnceIsAFailure) {
  EXPECT_FALSE(Broker::start(io_, options("dies")).ok());
  Options missing = options();
  missing.zygote = "/nowhere/skerry-zygote";
  EXPECT_EQ(Broker::start(io_, missing).status().code(), StatusCode::kFailedPrecondition);
}

/// The service's own control groups, where this machine has some for this test.
std::optional<jail::ControlGroups> own_groups() {
  const auto groups = jail::ControlGroups::own();
  if (!groups.ok() || !groups->divide().ok()) return std::nullopt;
  return *groups;
}

TEST_F(BrokerTest, RunThatTakesMoreMemoryThanItMayIsOutOfMemoryAndHarmsNobody) {
  Options with = options();
  with.groups = own_groups();
  if (kHasShadowMemory && !with.groups) GTEST_SKIP() << "nothing bounds a sanitizer's memory";
  start(with);
  const auto run =
      begin("take memory", "greedy", run::Isolation::kTenant, milliseconds(20'000), mib(8));
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfMemory) << outcome.message;
  EXPECT_EQ(run->output.text.find("took"), std::string::npos);
  EXPECT_NE(pid_of("greedy"), "");
}

TEST_F(BrokerTest, RunThatMayHaveTheMemoryGetsIt) {
  Options with = options();
  with.groups = own_groups();
  start(with);
  const auto run =
      begin("take memory", "greedy", run::Isolation::kTenant, milliseconds(20'000), mib(1024));
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_NE(run->output.text.find("took"), std::string::npos);
}

TEST_F(BrokerTest, WorkersHaveGroupsOfTheirOwnAndAKillIsNotForWantOfMemory) {
  Options with = options();
  with.groups = own_groups();
  if (!with.groups) GTEST_SKIP() << jail::ControlGroups::own().status();
  start(with);
  const std::string pid = pid_of("one").substr(6);  // "begun 123"
  const auto groups = read_file("/proc/" + pid + "/cgroup", kib(64));
  EXPECT_NE(groups.value_or("").find("/skerry-worker-"), std::string::npos) << groups.value_or("");
  const auto run = begin("hang", "one");
  ASSERT_TRUE(wait_until([&] { return run->output.text == "begun"; }));
  ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0);
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCrashed);
}

TEST_F(BrokerTest, TenantsKeepTheirWorkersAndNeverShareThem) {
  start(options());
  const std::string one = pid_of("one");
  const std::string two = pid_of("two");
  EXPECT_NE(one, two);
  EXPECT_EQ(pid_of("one"), one);
  EXPECT_EQ(pid_of("two"), two);
}

TEST_F(BrokerTest, ProcessOfItsOwnIsNeverUsedAgain) {
  start(options());
  const std::string shared = pid_of("one");
  const std::string own = pid_of("one", run::Isolation::kProcess);
  EXPECT_NE(own, shared);
  EXPECT_NE(pid_of("one", run::Isolation::kProcess), own);
  EXPECT_EQ(pid_of("one"), shared);
}

TEST_F(BrokerTest, WorkersOfOthersMakeRoom) {
  start(options());
  for (const char* tenant : {"a", "b", "c", "d", "e", "f"}) EXPECT_NE(pid_of(tenant), "");
}

TEST_F(BrokerTest, IdleWorkersAreLetGo) {
  Options quick = options();
  quick.idle = milliseconds(50);
  start(quick);
  const std::string first = pid_of("one");
  EXPECT_TRUE(wait_until([&] { return broker_->counts().idle == 0; }));
  EXPECT_NE(pid_of("one"), first);
}

TEST_F(BrokerTest, LongRunGivesWayAndItsWorkerIsNotUsedAgain) {
  start(options());
  const std::string first = pid_of("one");
  EXPECT_EQ(end_of(*begin("slow", "one")).kind, OutcomeKind::kCompleted);
  EXPECT_NE(pid_of("one"), first);
  EXPECT_EQ(broker_->counts().died + broker_->counts().killed, 0U);
}

struct End {
  const char* order;
  OutcomeKind kind;
  const char* message;
};

class WorkerThat : public BrokerTest, public ::testing::WithParamInterface<End> {};

TEST_P(WorkerThat, HarmsItsOwnRunOnly) {
  start(options());
  const auto other = begin("hang", "other");
  const auto run = begin(GetParam().order, "t", run::Isolation::kTenant, milliseconds(300));
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(sandbox::name_of(outcome.kind), sandbox::name_of(GetParam().kind));
  EXPECT_NE(outcome.message.find(GetParam().message), std::string::npos) << outcome.message;
  EXPECT_EQ(outcome.exit_code, sandbox::exit_code_of(GetParam().kind));
  EXPECT_LE(run->output.text.size(), 64U * 1024);
  EXPECT_LE(run->output.cuts, 1);
  EXPECT_EQ(run->output.changes, 0);
  EXPECT_NE(pid_of("t"), "");
  EXPECT_TRUE(wait_until([&] { return other->output.text == "begun"; }));
  EXPECT_FALSE(other->ended.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Does, WorkerThat,
    ::testing::Values(End{"hang", OutcomeKind::kDeadline, "0.3 s"},
                      End{"flood", OutcomeKind::kCrashed, "more output than its limit"},
                      End{"cuts without end", OutcomeKind::kCrashed, "more output than its limit"},
                      End{"starts without end", OutcomeKind::kCrashed, "started twice"},
                      End{"outputs of nothing", OutcomeKind::kCrashed, "output without any"},
                      End{"talk on", OutcomeKind::kDeadline, "0.3 s"},
                      End{"change", OutcomeKind::kCrashed, "impossible file change"},
                      End{"die", OutcomeKind::kCrashed, "exit code 3"},
                      End{"die before", OutcomeKind::kCrashed, "exit code 7"},
                      End{"crash", OutcomeKind::kCrashed, "signal 11"},
                      End{"garbage", OutcomeKind::kCrashed, "too large"},
                      End{"no event", OutcomeKind::kCrashed, "that is none"},
                      End{"half", OutcomeKind::kCrashed, "that is none"},
                      End{"descriptor", OutcomeKind::kCrashed, "descriptors"},
                      End{"state", OutcomeKind::kCrashed, "state that has no place"},
                      End{"hang up", OutcomeKind::kCrashed, "closed its socket"},
                      End{"changes without end", OutcomeKind::kCrashed, "impossible file change"}),
    [](const auto& parameter) { return testing::name_of_order(parameter.param.order); });

TEST_F(BrokerTest, SilentWorkerIsGivenUp) {
  start(options());
  const auto run = begin("silence");
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCrashed);
  EXPECT_NE(run->ended->value().message.find("did not begin"), std::string::npos);
}

TEST_F(BrokerTest, WorkerThatSpeaksWithoutARunIsReplaced) {
  start(options());
  const auto run = begin("go on");
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_TRUE(wait_until([&] { return broker_->counts().died == 1; }));
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(BrokerTest, FailureOfTheWorkersIsNoOutcomeAndItServesOn) {
  start(options());
  const auto run = begin("fail");
  EXPECT_TRUE(wait_until([&] { return run->ended.has_value(); }));
  EXPECT_EQ(run->ended->status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(message_of(run->ended->status()), "no template today");
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(BrokerTest, WorkerWithTheWrongFirstWordIsNeverUsed) {
  start(options("rude"));
  const auto run = begin("print x");
  EXPECT_TRUE(wait_until([&] { return broker_->counts().died >= 2; }));
  EXPECT_FALSE(run->ended.has_value());
}

TEST_F(BrokerTest, CancelEndsARunningAndAWaitingRun) {
  Options narrow = options();
  narrow.share = 1;
  start(narrow);
  const auto running = begin("hang");
  const auto waiting = begin("hang");
  EXPECT_TRUE(wait_until([&] { return running->output.text == "begun"; }));
  EXPECT_EQ(broker_->counts().waiting, 1);
  broker_->cancel(waiting->id);
  EXPECT_EQ(end_of(*waiting).kind, OutcomeKind::kCancelled);
  broker_->cancel(running->id);
  EXPECT_EQ(end_of(*running).kind, OutcomeKind::kCancelled);
  broker_->cancel(running->id);
  EXPECT_EQ(broker_->counts().killed, 1U);
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(BrokerTest, QueueIsBoundedForEachTenant) {
  Options narrow = options();
  narrow.share = 1;
  narrow.queue = 2;
  start(narrow);
  std::vector<std::shared_ptr<Started>> runs = {begin("hang")};
  ASSERT_TRUE(wait_until([&] { return runs[0]->output.text == "begun"; }));
  for (int i = 0; i < 3; ++i) runs.push_back(begin("hang"));
  ASSERT_TRUE(wait_until([&] { return runs[3]->ended.has_value(); }));
  EXPECT_EQ(runs[3]->ended->status().code(), StatusCode::kResourceExhausted);
  EXPECT_FALSE(runs[1]->ended.has_value() || runs[2]->ended.has_value());
  EXPECT_NE(pid_of("another"), "");
}

TEST_F(BrokerTest, TwoTenantsCannotKeepAllOthersOut) {
  Options wide = options();
  wide.workers = 8;
  wide.share = 0;
  wide.queue = 100;
  start(wide);
  std::vector<std::shared_ptr<Started>> runs;
  for (int i = 0; i < 10; ++i) runs.push_back(begin("hang", "greedy"));
  ASSERT_TRUE(wait_until([&] { return broker_->counts().running == 6; }));
  for (int i = 0; i < 10; ++i) runs.push_back(begin("hang", "greedy too"));
  ASSERT_TRUE(wait_until([&] { return broker_->counts().running == 7; }));
  EXPECT_NE(pid_of("modest"), "");
  EXPECT_NE(pid_of("modest too"), "");
  EXPECT_EQ(broker_->counts().running, 7);
}

TEST_F(BrokerTest, TenantsTakeTurns) {
  Options one_worker = options();
  one_worker.workers = one_worker.spares = one_worker.share = 1;
  one_worker.queue = 100;
  start(one_worker);
  std::vector<std::shared_ptr<Started>> many;
  for (int i = 0; i < 20; ++i) many.push_back(begin("print x", "greedy"));
  const auto single = begin("print y", "modest");
  end_of(*single);
  const auto done = std::count_if(many.begin(), many.end(),
                                  [](const auto& each) { return each->ended.has_value(); });
  EXPECT_LT(done, 20) << "a single run waited for all of another tenant's";
  for (const auto& each : many) EXPECT_EQ(end_of(*each).kind, OutcomeKind::kCompleted);
}

TEST_F(BrokerTest, RunsThatBeginAtOnceAreNoMoreThanProcessorsServe) {
  Options wide = options();
  wide.workers = wide.share = 8;
  wide.spares = 7;
  wide.queue = 100;
  start(wide);
  ASSERT_TRUE(wait_until([&] { return broker_->counts().spare == 7; }));
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Started>> runs;
  for (int i = 0; i < 7; ++i) runs.push_back(begin("hang"));
  const int running = broker_->counts().running;
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  // On a machine that is busy the first may have lasted already.
  if (std::chrono::steady_clock::now() - begun < milliseconds(5)) {
    EXPECT_EQ(running, std::clamp(processors, 2, 7));
  }
  // Those that last are in nobody's way, and nobody waits for them.
  EXPECT_TRUE(wait_until([&] {
    return std::all_of(runs.begin(), runs.end(),
                       [](const auto& each) { return each->output.text == "begun"; });
  }));
  EXPECT_EQ(broker_->counts().running, 7);
}

TEST_F(BrokerTest, ARunForAWorkerThatDiedWhileIdleBeginsInAnother) {
  start(options());
  const std::string first = pid_of("t");
  ::kill(std::stoi(first.substr(first.find(' '))), SIGKILL);
  // Before the broker has heard of it.
  const auto run = begin("pid");
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_NE(run->output.text, first);
  EXPECT_EQ(broker_->counts().runs, 2U);
  EXPECT_EQ(broker_->counts().died, 1U);
}

TEST_F(BrokerTest, LostZygoteIsReplacedAndItsRunsAreTold) {
  start(options());
  const auto run = begin("hang");
  ASSERT_TRUE(wait_until([&] { return run->output.text == "begun"; }));
  // The only child of this process is the zygote.
  const auto children = std::filesystem::path("/proc/self/task") / std::to_string(::getpid());
  FILE* list = std::fopen((children / "children").c_str(), "re");
  ASSERT_NE(list, nullptr);
  int zygote = 0;
  // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): the kernel's own
  ASSERT_EQ(std::fscanf(list, "%d", &zygote), 1);
  std::fclose(list);
  ::kill(zygote, SIGKILL);
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_NE(outcome.message.find("run it again"), std::string::npos);
  EXPECT_NE(pid_of("t"), "");
  EXPECT_EQ(broker_->counts().zygotes, 2U);
}

TEST_F(BrokerTest, ChangesThatAreWantedGetFiveSecondsBeyondTheLimit) {
  start(options());
  broker::Run run;
  run.tenant = "t";
  run.request.program.code = "change";
  run.request.limits.wall = milliseconds(200);
  run.request.changes = worker::FileChanges::kWanted;
  const auto begun = std::chrono::steady_clock::now();
  const auto started = begin(std::move(run));
  const Outcome outcome = end_of(*started);
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_NE(outcome.message.find("write out"), std::string::npos) << outcome.message;
  EXPECT_EQ(started->output.changes, 1);
  EXPECT_GE(took, worker::kResultsTime);
  EXPECT_LT(took, worker::kResultsTime + milliseconds(2'000));
}

}  // namespace
}  // namespace skerry::broker
