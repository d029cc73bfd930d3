// SPDX-License-Identifier: Apache-2.0
// Runs of much output, and consumers that are slower.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <time.h>

#include <gtest/gtest.h>

#include "skerry/broker/test_broker.h"

namespace skerry::broker {
namespace {

using sandbox::Outcome;
using sandbox::OutcomeKind;
using std::chrono::milliseconds;
using testing::Started;

class BrokerOutputTest : public testing::BrokerTest {
 protected:
  /// A run of much output, whose observer has room for `most` bytes of it.
  std::shared_ptr<Started> begin_large(const std::string& order, std::size_t most,
                                       milliseconds wall = milliseconds(20'000)) {
    broker::Run run;
    run.tenant = "t";
    run.request.program.code = order;
    run.request.limits.wall = wall;
    run.request.limits.output = mib(1024);
    return begin(std::move(run), most);
  }
};

TEST_F(BrokerOutputTest, LargeProgramsGoThroughAndTooLargeOnesAreRefused) {
  start(options());
  const auto large = begin("print " + std::string(8 << 20, 'x'));
  EXPECT_EQ(end_of(*large).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(large->output.text.size(), 64U * 1024);
  EXPECT_EQ(large->output.cuts, 1);
  const auto too_large = begin("print " + std::string(70 << 20, 'x'));
  EXPECT_TRUE(wait_until([&] { return too_large->ended.has_value(); }));
  EXPECT_EQ(too_large->ended->status().code(), StatusCode::kResourceExhausted);
}

constexpr std::size_t kRoom = std::size_t{1} << 20;
// What RunObserver promises at most beyond that.
constexpr std::size_t kMore = std::size_t{512} << 10;
// Beyond the room, and no more beyond it than the socket holds.
constexpr std::size_t kSaid = 1'100'000 + std::string_view("begun").size();

TEST_F(BrokerOutputTest, AFullConsumerStopsTheGuestAndNobodyElse) {
  start(options());
  const auto run = begin_large("talk on", kRoom);
  ASSERT_TRUE(wait_until([&] { return run->output.is_full(); }));
  io_.run_for(milliseconds(100));
  const std::size_t held = run->output.text.size();
  EXPECT_LT(held, kRoom + kMore);
  EXPECT_NE(pid_of("other"), "");
  EXPECT_EQ(run->output.text.size(), held);
  run->output.take_more(3 * kRoom);
  EXPECT_EQ(run->output.text.size(), held) << "never during the call";
  ASSERT_TRUE(wait_until([&] { return run->output.is_full(); }));
  io_.run_for(milliseconds(100));
  EXPECT_LT(run->output.text.size(), 3 * kRoom + kMore);
  EXPECT_FALSE(run->ended.has_value());
}

TEST_F(BrokerOutputTest, RoomThatIsNotThereIsNoReasonToGoOn) {
  start(options());
  const auto run = begin_large("talk on", kRoom);
  ASSERT_TRUE(wait_until([&] { return run->output.is_full(); }));
  io_.run_for(milliseconds(50));
  const std::size_t held = run->output.text.size();
  for (int i = 0; i < 10; ++i) run->output.resume();
  io_.run_for(milliseconds(50));
  EXPECT_EQ(run->output.text.size(), held);
}

TEST_F(BrokerOutputTest, TimeRunsOnWhileTheConsumerIsFull) {
  start(options());
  const auto run = begin_large("talk on", kRoom, milliseconds(300));
  EXPECT_EQ(sandbox::name_of(end_of(*run).kind), "deadline");
  EXPECT_GE(run->output.text.size(), kRoom);
  EXPECT_LT(run->output.text.size(), kRoom + kMore);
  run->output.take_more();  // of a run that is over: nothing happens
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(BrokerOutputTest, CancelEndsARunWhoseConsumerIsFull) {
  start(options());
  const auto run = begin_large("talk on", kRoom);
  ASSERT_TRUE(wait_until([&] { return run->output.is_full(); }));
  broker_->cancel(run->id);
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCancelled);
  EXPECT_NE(pid_of("t"), "");
}

/// Works until the pool has seen the death of a worker whose run's consumer is full.
class DeadWhileFull : public BrokerOutputTest {
 protected:
  std::shared_ptr<Started> begin_and_die(milliseconds wall = milliseconds(20'000)) {
    start(options());
    // The piece that fills the room may be the last: then there is nothing left to be read.
    for (int attempt = 0;; ++attempt) {
      auto run = begin_large("say 1100000 and die", kRoom, wall);
      EXPECT_TRUE(wait_until([&] { return run->output.is_full(); }));
      EXPECT_TRUE(wait_until([&] { return broker_->processes().size() <= 2; }));
      if (run->output.text.size() < kSaid || attempt == 20) {
        EXPECT_FALSE(run->ended.has_value());
        return run;
      }
      run->output.take_more();
      (void)end_of(*run);
    }
  }
};

TEST_F(DeadWhileFull, ItsLastWordsComeWhenThereIsRoom) {
  const auto run = begin_and_die();
  int turns = 0;
  const auto until = std::chrono::steady_clock::now() + milliseconds(200);
  while (std::chrono::steady_clock::now() < until) {
    turns += static_cast<int>(io_.run_one_for(milliseconds(200)));
  }
  EXPECT_LT(turns, 100) << "the loop is busy with nothing";
  run->output.take_more();
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_NE(outcome.message.find("exit code 3"), std::string::npos) << outcome.message;
  EXPECT_EQ(run->output.text.size(), kSaid);
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(DeadWhileFull, ItsLastWordsComeAtTheDeadlineAtTheLatest) {
  const auto run = begin_and_die(milliseconds(1'000));
  const Outcome outcome = end_of(*run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed) << "it died in time";
  EXPECT_EQ(run->output.text.size(), kSaid);
}

TEST_F(DeadWhileFull, ItCanBeCancelled) {
  const auto run = begin_and_die();
  broker_->cancel(run->id);
  EXPECT_FALSE(run->ended.has_value()) << "never during the call";
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCancelled);
  EXPECT_NE(pid_of("t"), "");
}

TEST_F(DeadWhileFull, ItIsNotHeardOfAfterTheBrokersEnd) {
  const auto run = begin_and_die();
  broker_.reset();
  run->output.take_more();
  io_.run_for(milliseconds(50));
  EXPECT_FALSE(run->ended.has_value());
}

TEST_F(BrokerOutputTest, ARunThatEndedInTimeIsNoDeadlineBecauseItsConsumerWasFull) {
  start(options());
  const auto run = begin_large("say 1060000 bytes", kRoom, milliseconds(500));
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run->output.text.size(), 1'060'000 + std::string_view("begun").size());
  EXPECT_EQ(broker_->counts().killed, 0U);
  EXPECT_NE(pid_of("t"), "");
  EXPECT_EQ(broker_->counts().died, 0U) << "its worker serves on";
}

// By processor time: on a machine that is busy, a turn lasts for as long as others work.
TEST_F(BrokerOutputTest, TheSmallestEventsHoldTheLoopForNoMoreThanMoments) {
  start(options());
  const auto run = begin_large("flood", SIZE_MAX, milliseconds(500));
  ASSERT_TRUE(wait_until([&] { return run->output.text.size() > 100; }));
  const auto processor_time = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  std::chrono::nanoseconds longest{0};
  while (!run->ended) {
    const auto before = processor_time();
    io_.run_one_for(milliseconds(100));
    longest = std::max<std::chrono::nanoseconds>(longest, processor_time() - before);
  }
  EXPECT_LT(longest, milliseconds(50));
  EXPECT_EQ(end_of(*run).kind, OutcomeKind::kDeadline);
}

}  // namespace
}  // namespace skerry::broker
