// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http1_events.h"

#include <optional>
#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::StartsWith;

/// More than the sockets of both sides hold.
constexpr std::size_t kMuch = std::size_t{32} << 20;

class Http1EventsTest : public ::testing::Test {
 protected:
  Http1EventsTest() {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    acceptor.accept(stream_.socket());
  }
  ~Http1EventsTest() override {  // NOLINT(bugprone-exception-escape): it fails its test then
    events_.close();
    stream_.close();
    io_.poll();
  }

  /// As handlers wait that end in their own way.
  void wait_until_drained(asio::cancellation_slot slot = {}) {
    asio::co_spawn(
        io_,
        [this]() -> awaitable<void> {
          co_await asio::this_coro::throw_if_cancelled(false);
          auto draining = events_.drained();
          co_await std::move(draining);
          is_drained_ = true;
        },
        asio::bind_cancellation_slot(slot, asio::detached));
    io_.poll();
  }

  asio::cancellation_signal stop_;
  asio::io_context io_;
  tcp::socket client_{io_};
  PlainStream stream_{io_};
  std::optional<std::uint64_t> unsent_;
  bool is_drained_ = false;
  Http1Events<PlainStream> events_{stream_, std::chrono::minutes(1),
                                   [this](std::uint64_t bytes) { unsent_ = bytes; }};
};

TEST_F(Http1EventsTest, AClientThatTakesAllHasDrainedThem) {
  events_.send({.name = "one", .data = "1"});
  wait_until_drained();
  EXPECT_TRUE(is_drained_);
  EXPECT_EQ(unsent_, 0U);
  std::string text(4096, '\0');
  text.resize(client_.read_some(asio::buffer(text)));
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(text, EndsWith("event: one\ndata: 1\n\n"));
}

TEST_F(Http1EventsTest, AWaitForASlowClientCanBeCancelled) {
  events_.send({.name = "much", .data = std::string(kMuch, 'x')});
  wait_until_drained(stop_.slot());
  EXPECT_FALSE(is_drained_);
  EXPECT_GT(events_.unsent(), 0U);
  stop_.emit(asio::cancellation_type::terminal);
  io_.poll();
  EXPECT_TRUE(is_drained_);
  EXPECT_GT(events_.unsent(), 0U);
}

TEST_F(Http1EventsTest, AWaitThatWasCancelledBeforeItBeganEndsAtOnce) {
  events_.send({.name = "much", .data = std::string(kMuch, 'x')});
  asio::co_spawn(
      io_,
      [this]() -> awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        stop_.emit(asio::cancellation_type::terminal);
        auto draining = events_.drained();
        co_await std::move(draining);
        is_drained_ = true;
      },
      asio::bind_cancellation_slot(stop_.slot(), asio::detached));
  io_.poll();
  EXPECT_TRUE(is_drained_);
}

}  // namespace
}  // namespace skerry::http
