// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/live_run.h"

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using worker::InputPiece;
using Kind = InputPiece::Kind;
using Coming = Result<std::optional<InputPiece>>;

/// A client that sends what it is told to, and then waits; and a run that lasts until `is_done`.
class LiveRunTest : public ::testing::Test {
 protected:
  LiveRun::Client client() {
    return {.next = [this] { return next(); },
            .unsent = [this] { return unsent_; },
            .drained = [this]() -> awaitable<void> {
              ++drains_;
              unsent_ = 0;
              co_return;
            }};
  }

  awaitable<Coming> next() {
    while (pieces_.empty()) {
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) {
        co_return absl::CancelledError("the client has gone");
      }
      auto waiting = tick();
      co_await std::move(waiting);
    }
    Coming piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

  awaitable<void> tick() {
    boost::asio::steady_timer timer(io_, std::chrono::milliseconds(1));
    auto waiting = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    (void)co_await std::move(waiting);
  }

  awaitable<Result<tool::RunReport>> work() {
    tool::RunReport report;
    for (int i = 0; i < 5'000; ++i) {
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) {
        report.outcome = worker::cancelled_outcome();
        co_return report;
      }
      if (is_done_()) co_return report;
      auto waiting = tick();
      co_await std::move(waiting);
    }
    co_return absl::InternalError("the run never ended");
  }

  Result<tool::RunReport> run() {
    Result<tool::RunReport> result = absl::InternalError("it did not end");
    const auto all = [&, this]() -> awaitable<void> {
      auto running = live_.during(work());
      result = co_await std::move(running);
    };
    boost::asio::co_spawn(io_, all(), [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
    io_.run();
    return result;
  }

  void send(InputPiece piece) { pieces_.emplace_back(std::move(piece)); }

  boost::asio::io_context io_;
  std::shared_ptr<run::InputFeed> feed_ = std::make_shared<run::InputFeed>();
  std::deque<Coming> pieces_;
  std::size_t unsent_ = 0;
  int drains_ = 0;
  std::function<bool()> is_done_ = [] { return false; };
  LiveRun live_{io_.get_executor(), feed_, client()};
};

TEST_F(LiveRunTest, InputIsPassedOnInOrder) {
  send({.text = "one\n"});
  send({.text = "two\n"});
  pieces_.emplace_back(std::nullopt);
  is_done_ = [this] { return feed_->has_ended(); };
  const auto report = run();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->outcome.kind, sandbox::OutcomeKind::kCompleted);
  EXPECT_EQ(feed_->next()->text, "one\ntwo\n");
  EXPECT_EQ(feed_->next()->kind, Kind::kEnd);
}

TEST_F(LiveRunTest, AProgramThatWaitsIsInterruptedOnceForEachWait) {
  int interrupts = 0;
  live_.waiting(true);
  send({.kind = Kind::kInterrupt});
  is_done_ = [&] {
    const auto piece = feed_->next();
    if (!piece) return false;
    EXPECT_EQ(piece->kind, Kind::kInterrupt);
    live_.waiting(false);
    live_.waiting(true);
    send({.kind = Kind::kInterrupt});
    return ++interrupts == 3;
  };
  EXPECT_EQ(run()->outcome.kind, sandbox::OutcomeKind::kCompleted);
}

TEST_F(LiveRunTest, TheSecondInterruptOfAWaitCancels) {
  live_.waiting(true);
  send({.kind = Kind::kInterrupt});
  send({.kind = Kind::kInterrupt});
  EXPECT_EQ(run()->outcome.kind, sandbox::OutcomeKind::kCancelled);
}

TEST_F(LiveRunTest, AnInterruptOfAProgramThatDoesNotWaitCancels) {
  live_.waiting(true);
  live_.waiting(false);
  send({.kind = Kind::kInterrupt});
  EXPECT_EQ(run()->outcome.kind, sandbox::OutcomeKind::kCancelled);
  EXPECT_FALSE(feed_->next());
}

TEST_F(LiveRunTest, WhatIsWrongEndsTheRunAndIsTold) {
  send({.kind = Kind::kEnd});
  send({.text = "late"});
  EXPECT_EQ(run().status(), absl::InvalidArgumentError("there is input after its end"));
}

TEST_F(LiveRunTest, TooMuchInOneMessageIsRefused) {
  send({.text = std::string(InputPiece::kMaxText + 1, 'x')});
  EXPECT_EQ(run().status().code(), StatusCode::kInvalidArgument);
}

TEST_F(LiveRunTest, AClientThatIsFarAheadWaits) {
  for (int i = 0; i < 40; ++i) send({.text = std::string(InputPiece::kMaxText, 'x')});
  std::size_t taken = 0;
  is_done_ = [&] {
    EXPECT_LE(40 - pieces_.size(), 17 + taken);
    taken += feed_->next() ? 1 : 0;
    return taken == 40;
  };
  EXPECT_TRUE(run().ok());
}

TEST_F(LiveRunTest, AClientThatDoesNotTakeItsEventsIsNotRead) {
  unsent_ = 3'000'000;
  send({.text = "x"});
  send({.kind = Kind::kEnd});
  is_done_ = [this] { return feed_->has_ended(); };
  EXPECT_TRUE(run().ok());
  EXPECT_EQ(drains_, 1);
}

}  // namespace
}  // namespace skerry::api
