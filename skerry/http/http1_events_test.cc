// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http1_events.h"

#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::StartsWith;

class Http1EventsTest : public ::testing::Test {
 protected:
  Http1EventsTest() {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    acceptor.accept(stream_.socket());
  }
  ~Http1EventsTest() override {
    events_.close();
    stream_.close();
    io_.poll();
  }

  void wait_until_drained() {
    asio::co_spawn(
        io_,
        [this]() -> awaitable<void> {
          auto draining = events_.drained();
          co_await std::move(draining);
          is_drained_ = true;
        },
        asio::detached);
    io_.poll();
  }

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

}  // namespace
}  // namespace skerry::http
