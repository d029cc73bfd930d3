// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/output_relay.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace skerry::api {
namespace {

using boost::asio::awaitable;
using Clock = std::chrono::steady_clock;

/// A client that takes all at once.
class OutputRelayTest : public ::testing::Test {
 protected:
  struct Event {
    wasi::Stream stream;
    std::string text;
  };

  OutputRelay::Client client() {
    return {
        .send = [this](wasi::Stream stream,
                       std::string_view text) { events_.push_back({stream, std::string(text)}); },
        .unsent = [] { return std::size_t{0}; },
        .drained = []() -> awaitable<void> { co_return; }};
  }

  std::string text_of(wasi::Stream stream) const {
    std::string all;
    for (const Event& each : events_) {
      if (each.stream == stream) all += each.text;
    }
    return all;
  }

  void finish(awaitable<bool> work) {
    boost::asio::co_spawn(io_, std::move(work),
                          [](const std::exception_ptr& error, bool) { EXPECT_FALSE(error); });
    io_.run();
  }

  awaitable<void> pause() {
    boost::asio::steady_timer timer(io_, std::chrono::milliseconds(1));
    auto waiting = timer.async_wait(boost::asio::use_awaitable);
    co_await std::move(waiting);
  }

  /// Writes to both streams in turn, a millisecond apart. How long that took.
  std::chrono::duration<double> write(OutputRelay& relay, int times) {
    const auto output = relay.callback();
    const auto begun = Clock::now();
    const auto work = [&, this]() -> awaitable<bool> {
      for (int i = 0; i < times; ++i) {
        output(wasi::Stream::kStdout, "o");
        output(wasi::Stream::kStderr, "e");
        auto pausing = pause();
        co_await std::move(pausing);
      }
      co_return true;
    };
    finish(relay.during(work()));
    return Clock::now() - begun;
  }

  boost::asio::io_context io_;
  std::vector<Event> events_;
};

TEST_F(OutputRelayTest, EachPieceIsAnEventOfItsOwn) {
  OutputRelay relay(io_.get_executor(), client());
  write(relay, 10);
  EXPECT_EQ(events_.size(), 20U);
}

TEST_F(OutputRelayTest, ALimitOnEventsJoinsPiecesAndLosesNothing) {
  constexpr int kEvents = 20;
  OutputRelay relay(io_.get_executor(), client(), kEvents);
  const auto took = write(relay, 200);
  EXPECT_EQ(text_of(wasi::Stream::kStdout), std::string(200, 'o'));
  EXPECT_EQ(text_of(wasi::Stream::kStderr), std::string(200, 'e'));
  // The first, those of the time, and at the end what was left of each stream.
  EXPECT_LE(events_.size(), 3 + kEvents * took.count());
  EXPECT_GE(events_.size(), 4U);
}

TEST_F(OutputRelayTest, ALimitOnEventsIsNoneOnBytes) {
  OutputRelay relay(io_.get_executor(), client(), 1);
  const auto output = relay.callback();
  const auto begun = Clock::now();
  const auto work = [&, this]() -> awaitable<bool> {
    for (int i = 0; i < 40; ++i) {
      output(wasi::Stream::kStdout, std::string(60 * 1024, 'x'));
      auto pausing = pause();
      co_await std::move(pausing);
    }
    co_return true;
  };
  finish(relay.during(work()));
  EXPECT_EQ(text_of(wasi::Stream::kStdout).size(), 40U * 60 * 1024);
  EXPECT_LE(events_.size(), 14U) << "about 256 KiB each";
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(2)) << "ten events at one a second";
}

TEST_F(OutputRelayTest, AStreamKeepsItsOrder) {
  OutputRelay relay(io_.get_executor(), client(), 1);
  const auto output = relay.callback();
  std::string all;
  for (const auto& [letter, size] : {std::pair('a', 1), std::pair('b', 10 * 1024),
                                     std::pair('c', 250 * 1024), std::pair('d', 10 * 1024)}) {
    const std::string text(static_cast<std::size_t>(size), letter);
    output(wasi::Stream::kStdout, text);
    all += text;
  }
  relay.flush();
  EXPECT_EQ(text_of(wasi::Stream::kStdout), all);
}

TEST_F(OutputRelayTest, WhatWaitsIsBounded) {
  OutputRelay relay(io_.get_executor(), client(), 1);
  const auto output = relay.callback();
  const std::string text(100 * 1024, 'x');
  for (int i = 0; i < 3; ++i) output(wasi::Stream::kStdout, text);
  EXPECT_FALSE(output.flow()->is_full);
  output(wasi::Stream::kStdout, text);
  EXPECT_TRUE(output.flow()->is_full);
  relay.flush();
  EXPECT_FALSE(output.flow()->is_full);
  EXPECT_EQ(text_of(wasi::Stream::kStdout).size(), 4 * text.size());
}

TEST_F(OutputRelayTest, WhatIsNoOutputComesInItsPlaceAndStopsTheRunOfASlowClient) {
  std::size_t unsent = 0;
  boost::asio::steady_timer taking(io_, boost::asio::steady_timer::time_point::max());
  OutputRelay::Client slow = client();
  slow.unsent = [&] { return unsent; };
  slow.drained = [&]() -> awaitable<void> {
    constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
    while (unsent > 0) {
      auto waiting = taking.async_wait(kTuple);
      (void)co_await std::move(waiting);
    }
  };
  OutputRelay relay(io_.get_executor(), slow);
  const auto output = relay.callback();
  int resumed = 0;
  output.flow()->resume = [&] { ++resumed; };
  bool was_full = false;
  const auto work = [&, this]() -> awaitable<bool> {
    unsent = 100'000;  // so that output is joined
    output(wasi::Stream::kStdout, "before");
    relay.send_between([&] {
      events_.push_back({wasi::Stream::kStderr, "between"});
      unsent = 1'000'000;
    });
    was_full = output.flow()->is_full;
    output(wasi::Stream::kStdout, "behind");
    auto waiting = pause();
    co_await std::move(waiting);
    unsent = 0;
    taking.cancel();
    auto again = pause();
    co_await std::move(again);
    co_return true;
  };
  finish(relay.during<bool>(work()));
  EXPECT_TRUE(was_full);
  EXPECT_FALSE(output.flow()->is_full);
  EXPECT_EQ(resumed, 1);
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(events_[0].text + events_[1].text + events_[2].text, "beforebetweenbehind");
}

}  // namespace
}  // namespace skerry::api
