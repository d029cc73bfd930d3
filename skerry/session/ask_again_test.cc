// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/ask_again.h"

#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace skerry::session {
namespace {

using boost::asio::awaitable;
using Clock = std::chrono::steady_clock;

class AskAgainTest : public ::testing::Test {
 protected:
  /// One attempt: busy until the `free_at_`th.
  awaitable<Result<int>> attempt() {
    if (++attempts_ < free_at_) co_return absl::UnavailableError("busy");
    co_return attempts_;
  }
  void start(Clock::time_point latest) {
    boost::asio::co_spawn(
        io_, ask_again(latest, [this] { return attempt(); }),
        boost::asio::bind_cancellation_slot(
            stop_.slot(), [this](const std::exception_ptr&, Result<int> got) { got_ = got; }));
  }

  boost::asio::cancellation_signal stop_;
  boost::asio::io_context io_;
  int free_at_ = 0;
  int attempts_ = 0;
  std::optional<Result<int>> got_;
};

TEST_F(AskAgainTest, UntilItIsNotBusy) {
  free_at_ = 3;
  const auto begun = Clock::now();
  start(Clock::time_point::max());
  io_.run();
  EXPECT_EQ(got_->value_or(0), 3);
  EXPECT_GE(Clock::now() - begun, kFirstPause + 2 * kFirstPause);
}

TEST_F(AskAgainTest, UntilItIsTooLate) {
  free_at_ = 100;
  start(Clock::now() + kFirstPause);
  io_.run();
  EXPECT_EQ(got_->status().code(), StatusCode::kUnavailable);
  EXPECT_LT(attempts_, 100);
}

TEST_F(AskAgainTest, ACancelledPauseIsTheLast) {
  free_at_ = 100;
  start(Clock::time_point::max());
  io_.poll();
  ASSERT_EQ(attempts_, 1);
  stop_.emit(boost::asio::cancellation_type::terminal);
  io_.run();
  EXPECT_EQ(got_->status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(attempts_, 1);
}

}  // namespace
}  // namespace skerry::session
