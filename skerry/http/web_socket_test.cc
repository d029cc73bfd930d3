// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/web_socket.h"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <gtest/gtest.h>

#include "skerry/http/router.h"
#include "skerry/http/server.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::awaitable;

constexpr std::chrono::seconds kSoon{5};  // far below the time limits of the protocol

/// A blocking client that reads when it is told to.
class SocketClient {
 public:
  explicit SocketClient(int port) {
    asio::ip::tcp::socket& socket = socket_.next_layer();
    socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)});
    socket.set_option(asio::ip::tcp::no_delay(true));
    socket_.handshake("localhost", "/");
  }
  void send(std::size_t size) { socket_.write(asio::buffer(std::string(size, 'x'))); }
  void read() {
    boost::beast::flat_buffer buffer;
    socket_.read(buffer);
  }
  /// Bytes of messages until the service closes.
  std::size_t read_all() {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    std::size_t size = 0;
    while (!error) {
      size += socket_.read(buffer, error);
      buffer.clear();
    }
    return size;
  }
  std::uint16_t close_code() const { return socket_.reason().code; }

 private:
  asio::io_context io_;
  websocket::stream<asio::ip::tcp::socket> socket_{io_};
};

class WebSocketTest : public ::testing::Test {
 protected:
  ~WebSocketTest() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// Serves a handler, whose result is `ended_`.
  void start(const ServerLimits& limits, std::function<awaitable<Status>(EventStream&)> handler) {
    router_.add({.method = "GET",
                 .path = "/",
                 .summary = "",
                 .is_open = true,
                 .handler = [this, handler = std::move(handler)](Request, EventStream& events)
                     -> awaitable<std::optional<Response>> {
                   auto handling = handler(events);
                   ended_.set_value(co_await std::move(handling));
                   co_return std::nullopt;
                 }});
    const auto any = Address::parse("127.0.0.1:0").value();
    server_ = Server::start(io_, {{any, {.router = &router_}}}, limits).value();
    thread_ = std::thread([this] { io_.run(); });
  }
  int port() const { return server_->ports()[0]; }

  std::optional<Status> ended() {
    auto future = ended_.get_future();
    if (future.wait_for(kSoon) != std::future_status::ready) return std::nullopt;
    return future.get();
  }

  asio::io_context io_;
  Router router_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::promise<Status> ended_;
};

/// More than the sockets of both sides hold.
constexpr std::size_t kManyBytes = std::size_t{32} << 20;

awaitable<Status> send_much(EventStream& events) {
  const std::string piece(std::size_t{256} << 10, 'x');
  for (std::size_t sent = 0; sent < kManyBytes; sent += piece.size()) {
    events.send({.name = "e", .data = piece});
  }
  auto draining = events.drained();
  co_await std::move(draining);
  co_return ok_status();
}

TEST_F(WebSocketTest, AClientThatTakesNothingIsCutOff) {
  start({.write = std::chrono::milliseconds(200)}, send_much);
  SocketClient client(port());
  EXPECT_TRUE(ended());
  EXPECT_LT(client.read_all(), kManyBytes);
  EXPECT_EQ(client.close_code(), 0) << "it is not worth waiting until it reads how it ended";
}

TEST_F(WebSocketTest, AClientThatTakesWhatComesGetsAllOfIt) {
  start({.write = std::chrono::seconds(2)}, send_much);
  SocketClient client(port());
  EXPECT_EQ(client.read_all(), kManyBytes);
  EXPECT_EQ(client.close_code(), websocket::close_code::normal);
  EXPECT_TRUE(ended());
}

/// Waits for something else than the client's messages.
awaitable<Status> listen_without_reading(EventStream& events) {
  events.listen(1000);
  events.open();
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::minutes(1));
  auto waiting = timer.async_wait(asio::as_tuple(asio::use_awaitable));
  (void)co_await std::move(waiting);
  co_return absl::CancelledError("");
}

awaitable<Status> read_messages(EventStream& events) {
  events.listen(1000);
  events.open();
  for (;;) {
    auto receiving = events.receive(std::chrono::minutes(1));
    const auto message = co_await std::move(receiving);
    if (!message.ok()) co_return message.status();
  }
}

const ServerLimits kLittleMemory{.body_memory = kib(32)};

TEST_F(WebSocketTest, AHandlerThatDoesNotReadIsCancelledWhenMessagesFindNoMemory) {
  start(kLittleMemory, listen_without_reading);
  SocketClient client(port());
  client.send(30'000);
  client.send(30'000);
  EXPECT_EQ(ended(), absl::CancelledError(""));
  client.read_all();
  EXPECT_EQ(client.close_code(), websocket::close_code::try_again_later);
}

TEST_F(WebSocketTest, AHandlerThatReadsIsToldWhy) {
  start(kLittleMemory, read_messages);
  SocketClient client(port());
  client.send(1000);
  client.send(50'000);
  const auto status = ended();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code(), StatusCode::kUnavailable);
  client.read_all();
  EXPECT_EQ(client.close_code(), websocket::close_code::try_again_later);
}

TEST_F(WebSocketTest, MessagesThatAreReadTakeNoMemory) {
  start(kLittleMemory, [](EventStream& events) -> awaitable<Status> {
    events.listen(1000);
    events.open();
    for (int i = 0; i < 10; ++i) {
      auto receiving = events.receive(std::chrono::minutes(1));
      const auto message = co_await std::move(receiving);
      if (!message.ok()) co_return message.status();
      events.send({.name = "e", .data = "next"});
    }
    co_return ok_status();
  });
  SocketClient client(port());
  for (int i = 0; i < 10; ++i) {
    client.send(10'000);
    client.read();
  }
  EXPECT_EQ(ended(), ok_status());
}

}  // namespace
}  // namespace skerry::http
