// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/web_socket.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::awaitable;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kNever = asio::steady_timer::time_point::max();
constexpr std::size_t kMaxMessage = std::size_t{64} << 10;  // of the client's
constexpr std::chrono::seconds kHandshake{10};
// A ping goes out after half of it.
constexpr std::chrono::seconds kSilence{30};

}  // namespace

template <typename Stream>
WebSocketEvents<Stream>::WebSocketEvents(Stream& stream, const Request& request)
    : stream_(stream),
      request_(request),
      changed_(stream.get_executor(), kNever),
      taken_(stream.get_executor(), kNever),
      gone_(stream.get_executor(), kNever),
      reason_(websocket::close_code::normal) {}

template <typename Stream>
void WebSocketEvents<Stream>::open() {
  is_open_ = true;
  changed_.cancel();
}

template <typename Stream>
void WebSocketEvents<Stream>::send(const StreamEvent& event) {
  is_open_ = true;
  if (is_closed_ || is_gone_) return;
  waiting_.emplace_back(event.data);
  unsent_ += event.data.size();
  changed_.cancel();
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::drained() {
  while (unsent_ > 0 && !is_gone_) {
    auto waiting = taken_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

template <typename Stream>
void WebSocketEvents<Stream>::close(const std::optional<Response>& response) {
  is_closed_ = true;
  if (response && response->status >= 500) {
    reason_.code = response->status == 503 ? websocket::close_code::try_again_later
                                           : websocket::close_code::internal_error;
  }
  changed_.cancel();
}

template <typename Stream>
void WebSocketEvents<Stream>::end() {
  is_gone_ = true;
  waiting_.clear();
  unsent_ = 0;
  gone_.cancel();
  taken_.cancel();
  changed_.cancel();
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::gone() {
  while (!is_gone_) {
    auto waiting = gone_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::pump() {
  using asio::experimental::awaitable_operators::operator&&;
  while (!is_open_ && !is_closed_) {
    auto waiting = changed_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
  if (!is_open_) co_return;
  boost::beast::get_lowest_layer(stream_).expires_never();  // it has time limits of its own
  socket_.emplace(std::move(stream_));
  socket_->set_option(websocket::stream_base::timeout{
      .handshake_timeout = kHandshake, .idle_timeout = kSilence, .keep_alive_pings = true});
  socket_->read_message_max(kMaxMessage);
  auto accepting = socket_->async_accept(request_, kTuple);
  const auto [error] = co_await std::move(accepting);
  if (error) {
    end();
    co_return;
  }
  socket_->text(true);
  auto both = write() && read();
  co_await std::move(both);
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::write() {
  while (!is_gone_) {
    if (waiting_.empty() && is_closed_) break;
    if (waiting_.empty()) {
      auto waiting = changed_.async_wait(kTuple);
      (void)co_await std::move(waiting);
      continue;
    }
    const std::string now = std::move(waiting_.front());
    waiting_.pop_front();
    auto writing = socket_->async_write(asio::buffer(now), kTuple);
    const auto [error, size] = co_await std::move(writing);
    if (error) break;
    unsent_ -= std::min(unsent_, now.size());
    if (waiting_.empty()) taken_.cancel();
  }
  if (!is_gone_) {
    auto closing = socket_->async_close(reason_, kTuple);
    (void)co_await std::move(closing);
  }
  end();
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::read() {
  boost::beast::flat_buffer buffer;
  for (;;) {
    auto reading = socket_->async_read(buffer, kTuple);
    const auto [error, size] = co_await std::move(reading);
    if (error) break;  // the client's close, too
    buffer.clear();
  }
  end();
}

template class WebSocketEvents<PlainStream>;
template class WebSocketEvents<SecureStream>;

}  // namespace skerry::http
