// SPDX-License-Identifier: Apache-2.0
// Input that comes while a program runs, through the broker.
#include <chrono>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/broker/broker.h"
#include "skerry/broker/test_run.h"

namespace skerry::broker {
namespace {

using sandbox::Outcome;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using testing::KeptOutput;

struct StartedLive {
  KeptOutput output;
  std::shared_ptr<run::InputFeed> input = std::make_shared<run::InputFeed>();
  Broker::RunId id = 0;
  std::optional<Result<Outcome>> ended;
};

class LiveInputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(60);
    Options options;
    options.zygote = SKERRY_TEST_ZYGOTE;
    options.home.root = "/nowhere/kind";
    options.workers = 2;
    options.spares = 1;
    auto broker = Broker::start(io_, options);
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }
  void TearDown() override {
    broker_.reset();
    ::alarm(0);
  }

  std::shared_ptr<StartedLive> begin(const std::string& order, milliseconds input_limit) {
    auto started = std::make_shared<StartedLive>();
    broker::Run run;
    run.tenant = "t";
    run.request.program.code = order;
    run.request.limits.words = sandbox::LimitWords::kRunFields;
    run.request.limits.wall = milliseconds(2'000);
    run.request.limits.input = input_limit;
    run.input = started->input;
    run.observer = &started->output;
    started->id = broker_->run(std::move(run),
                               [started](Result<Outcome> outcome) { started->ended = outcome; });
    return started;
  }
  std::shared_ptr<StartedLive> begin(const std::string& order) {
    return begin(order, milliseconds(20'000));
  }

  template <typename Condition>
  bool wait_until(const Condition& condition) {
    return testing::wait_until(io_, condition);
  }
  Outcome end_of(StartedLive& started) {
    EXPECT_TRUE(wait_until([&] { return started.ended.has_value(); })) << "never ended";
    if (!started.ended) return {};
    EXPECT_TRUE(started.ended->ok()) << started.ended->status();
    return started.ended->value_or(Outcome{});
  }

  boost::asio::io_context io_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(LiveInputTest, AProgramIsAnsweredInterruptedAndLeftAlone) {
  const auto run = begin("greet");
  ASSERT_TRUE(wait_until([&] { return run->output.waits == 1; }));
  run->input->add("Ada");
  ASSERT_TRUE(wait_until([&] { return run->output.waits == 2; }));
  run->input->interrupt();
  ASSERT_TRUE(wait_until([&] { return run->output.waits == 3; }));
  run->input->end();
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run->output.text, "begun<Ada>interruptedend");
}

TEST_F(LiveInputTest, WhatComesBeforeItIsAskedForWaits) {
  const auto run = begin("greet");
  run->input->add("early");
  run->input->end();
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run->output.text, "begun<early>end");
}

TEST_F(LiveInputTest, AWaitHasALimitOfItsOwnInTheCallersWords) {
  const auto run = begin("wait", milliseconds(100));
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kDeadline);
  EXPECT_EQ(outcome.message,
            "waited longer than 0.1 s for input; allow more with "
            "\"input_timeout\": S");
}

TEST_F(LiveInputTest, AWaitIsNotTheProgramsTime) {
  const auto run = begin("greet");
  ASSERT_TRUE(wait_until([&] { return run->output.waits == 1; }));
  const auto later = std::chrono::steady_clock::now() + milliseconds(2'200);
  ASSERT_TRUE(wait_until([&] { return std::chrono::steady_clock::now() > later; }));
  run->input->end();
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_LT(outcome.usage.wall, milliseconds(1'000));
}

TEST_F(LiveInputTest, ATimeThatIsNotSpentWaitingIsTheProgramsOwn) {
  const auto run = begin("hang");
  EXPECT_EQ(end_of(*run).message, "ran longer than 2 s; allow more with \"timeout\": S");
}

TEST_F(LiveInputTest, InputOfOneRunIsNotTheNextOnes) {
  const auto first = begin("pid");
  ASSERT_TRUE(wait_until([&] { return !first->output.text.empty() || first->ended; }));
  for (int i = 0; i < 10; ++i) first->input->add(std::string(100'000, 'x'));
  first->input->end();
  EXPECT_EQ(end_of(*first).kind, OutcomeKind::kCompleted);
  const auto second = begin("greet");
  second->input->add("mine");
  second->input->end();
  EXPECT_EQ(end_of(*second).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(second->output.text, "begun<mine>end");
}

TEST_F(LiveInputTest, AFloodThatNobodyReadsFillsTheFeedAndNothingElse) {
  const auto run = begin("hang");
  ASSERT_TRUE(wait_until([&] { return !run->output.text.empty(); }));
  std::size_t given = 0;
  while (run->input->has_room()) {
    run->input->add(std::string(10'000, 'x'));
    given += 10'000;
  }
  EXPECT_LT(given, 2 * run::InputFeed::kMaxHeld);
  broker_->cancel(run->id);
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCancelled);
}

TEST_F(LiveInputTest, ARunThatWaitsCanBeCancelled) {
  const auto run = begin("wait");
  ASSERT_TRUE(wait_until([&] { return run->output.waits == 1; }));
  broker_->cancel(run->id);
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCancelled);
  run->input->add("late");
}

TEST_F(LiveInputTest, AWorkerThatLiesAboutItsWaitsIsEnded) {
  const auto run = begin("waits without end");
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(outcome.message, "the run's process waited for input at a time that it cannot");
  EXPECT_EQ(run->output.waits, 1);
}

TEST_F(LiveInputTest, ARunMayEndWhileItSaysThatItWaits) {
  const auto run = begin("begin to wait");
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
}

}  // namespace
}  // namespace skerry::broker
