// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/wait_for.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using boost::asio::awaitable;

struct Begun {
  std::function<void(int)> callback;
  int cancelled = 0;
};

awaitable<int> wait(Begun& begun) {
  auto waiting = wait_for<int>([&begun](std::function<void(int)> callback) {
    begun.callback = std::move(callback);
    return [&begun] { ++begun.cancelled; };
  });
  co_return co_await std::move(waiting);
}

TEST(WaitForTest, GivesWhatTheCallbackGot) {
  boost::asio::io_context io;
  Begun begun;
  std::optional<int> got;
  boost::asio::co_spawn(io, wait(begun),
                        [&](const std::exception_ptr&, int value) { got = value; });
  io.poll();
  ASSERT_TRUE(begun.callback);
  EXPECT_FALSE(got);
  begun.callback(7);
  io.poll();
  EXPECT_EQ(got, 7);
}

TEST(WaitForTest, ACancelledWaitGoesOnUntilTheAnswer) {
  boost::asio::io_context io;
  Begun begun;
  std::optional<int> got;
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(
      io, wait(begun),
      boost::asio::bind_cancellation_slot(
          stop.slot(), [&](const std::exception_ptr&, int value) { got = value; }));
  io.poll();
  stop.emit(boost::asio::cancellation_type::terminal);
  io.poll();
  EXPECT_EQ(begun.cancelled, 1);
  EXPECT_FALSE(got);
  begun.callback(8);
  io.poll();
  EXPECT_EQ(got, 8);
}

TEST(WaitForTest, WhatWasCancelledBeforeIsCancelledAtOnce) {
  boost::asio::io_context io;
  Begun begun;
  boost::asio::cancellation_signal stop;
  boost::asio::steady_timer first(io, std::chrono::milliseconds(1));
  const auto later = [&]() -> awaitable<int> {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto pause = first.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    stop.emit(boost::asio::cancellation_type::terminal);
    (void)co_await std::move(pause);
    auto waiting = wait(begun);
    co_return co_await std::move(waiting);
  };
  std::optional<int> got;
  boost::asio::co_spawn(
      io, later(),
      boost::asio::bind_cancellation_slot(
          stop.slot(), [&](const std::exception_ptr&, int value) { got = value; }));
  io.run_for(std::chrono::milliseconds(200));
  EXPECT_EQ(begun.cancelled, 1);
  begun.callback(9);
  io.restart();
  io.poll();
  EXPECT_EQ(got, 9);
}

TEST(NeverTest, DestroysWhoWaitsForIt) {
  boost::asio::io_context io;
  const auto held = std::make_shared<int>(1);
  bool has_returned = false;
  const auto start = [](std::shared_ptr<int>, bool& returned) -> awaitable<void> {
    auto waiting = never();
    co_await std::move(waiting);
    returned = true;
  };
  boost::asio::co_spawn(io, start(held, has_returned), boost::asio::detached);
  EXPECT_EQ(held.use_count(), 2);
  io.run();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(has_returned);
}

}  // namespace
}  // namespace skerry::loop
