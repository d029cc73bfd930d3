// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/hand_over.h"

#include <memory>
#include <optional>
#include <thread>

#include <absl/functional/any_invocable.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using boost::asio::awaitable;

class HandOverTest : public ::testing::Test {
 protected:
  awaitable<std::unique_ptr<int>> hand_over_seven() {
    return hand_over([this](absl::AnyInvocable<void()> task) { task_ = std::move(task); },
                     [this] {
                       worked_on_ = std::this_thread::get_id();
                       return std::make_unique<int>(7);
                     });
  }
  void start(boost::asio::cancellation_slot slot = {}) {
    boost::asio::co_spawn(io_, hand_over_seven(),
                          boost::asio::bind_cancellation_slot(
                              slot, [this](const std::exception_ptr&, std::unique_ptr<int> value) {
                                resumed_on_ = std::this_thread::get_id();
                                got_ = *value;
                              }));
    io_.poll();
  }

  boost::asio::io_context io_;
  absl::AnyInvocable<void()> task_;
  std::thread::id worked_on_;
  std::thread::id resumed_on_;
  std::optional<int> got_;
};

TEST_F(HandOverTest, TheLoopWaitsForTheOtherThreadsResult) {
  start();
  ASSERT_TRUE(task_);
  std::thread other(std::move(task_));
  const auto others = other.get_id();
  io_.run();
  other.join();
  EXPECT_EQ(got_, 7);
  EXPECT_EQ(worked_on_, others);
  EXPECT_EQ(resumed_on_, std::this_thread::get_id());
}

TEST_F(HandOverTest, ACancelledWaitGoesOnUntilTheWorkIsDone) {
  boost::asio::cancellation_signal stop;
  start(stop.slot());
  ASSERT_TRUE(task_);
  stop.emit(boost::asio::cancellation_type::terminal);
  io_.poll();
  EXPECT_FALSE(got_);
  task_();
  io_.poll();
  EXPECT_EQ(got_, 7);
}

TEST_F(HandOverTest, ATaskThatIsDestroyedUncalledTakesItsCoroutineWithIt) {
  const auto held = std::make_shared<int>();
  boost::asio::co_spawn(
      io_,
      [this, held]() -> awaitable<void> {
        auto handed_over = hand_over_seven();
        (void)co_await std::move(handed_over);
      },
      boost::asio::detached);
  io_.poll();
  EXPECT_GT(held.use_count(), 1);
  task_ = nullptr;
  io_.poll();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace skerry::loop
