// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/web_socket.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"
#include "skerry/loop/deadline.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::awaitable;
using loop::kNever;
using loop::kTuple;

constexpr std::size_t kMaxMessage = std::size_t{64} << 10;  // of the client's
// What waits for a handler that listens; each message costs it as much as some bytes more.
constexpr std::size_t kMaxReceived = std::size_t{64} << 10;
constexpr std::size_t kMessageCost = 64;
constexpr std::chrono::seconds kRoomCheck{1};
constexpr std::chrono::seconds kHandshake{10};
// A ping goes out after half of it.
constexpr std::chrono::seconds kSilence{30};

}  // namespace

template <typename Stream>
WebSocketEvents<Stream>::WebSocketEvents(Stream& stream, const Request& request, BodyShare& share,
                                         std::chrono::milliseconds write_time)
    : stream_(stream),
      request_(request),
      write_time_(write_time),
      changed_(stream.get_executor(), kNever),
      taken_(stream.get_executor(), kNever),
      gone_(stream.get_executor(), kNever),
      share_(share),
      received_(stream.get_executor(), kNever),
      wanted_(stream.get_executor(), kNever),
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
  const auto state = co_await asio::this_coro::cancellation_state;
  while (unsent_ > 0 && !is_gone_ && !loop::is_cancelled(state)) {
    auto waiting = taken_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

template <typename Stream>
void WebSocketEvents<Stream>::release_first_message() {
  kept_ = 0;
  (void)share_.grow_to(messages_size_);
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
  received_.cancel();
  wanted_.cancel();
}

/// Tells the handler, whatever it waits for: it may not be the client's next message.
template <typename Stream>
void WebSocketEvents<Stream>::overflow() {
  is_overflown_ = true;
  reason_.code = websocket::close_code::try_again_later;
  messages_.clear();
  messages_size_ = 0;
  (void)share_.grow_to(kept_);
  received_.cancel();
  gone_.cancel();
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::gone() {
  while (!is_gone_ && !is_overflown_) {
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
  // Beast counts whatever the client sends as a sign of life, also of one that takes nothing.
  loop::Deadline late(changed_.get_executor(), [this] {
    boost::system::error_code ignored;
    boost::beast::get_lowest_layer(*socket_).socket().close(ignored);
  });
  while (!is_gone_) {
    if (waiting_.empty() && is_closed_) break;
    if (waiting_.empty()) {
      auto waiting = changed_.async_wait(kTuple);
      (void)co_await std::move(waiting);
      continue;
    }
    const std::string now = std::move(waiting_.front());
    waiting_.pop_front();
    late.set_after(write_time_);
    auto writing = socket_->async_write(asio::buffer(now), kTuple);
    const auto [error, size] = co_await std::move(writing);
    late.clear();
    if (error) break;
    unsent_ -= std::min(unsent_, now.size());
    if (waiting_.empty()) taken_.cancel();
  }
  if (!is_gone_) {
    late.set_after(kHandshake);
    auto closing = socket_->async_close(reason_, kTuple);
    (void)co_await std::move(closing);
  }
  end();
}

template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::read() {
  for (bool is_first = true;; is_first = false) {
    auto waiting = room();
    co_await std::move(waiting);
    const bool is_large = is_first && first_message_;
    socket_->read_message_max(is_large ? std::max(*first_message_, kMaxMessage) : kMaxMessage);
    boost::beast::flat_buffer buffer;
    auto reading = read_message(buffer);
    if (!co_await std::move(reading)) break;
    if (!first_message_) continue;
    const auto bytes = buffer.cdata();
    messages_.emplace_back(static_cast<const char*>(bytes.data()), bytes.size());
    messages_size_ += bytes.size() + kMessageCost;
    if (is_first) kept_ = bytes.size();
    received_.cancel();
  }
  // The handler says that it is over, and then the connection is closed.
  if (!is_overflown_) end();
}

/// False when there is none, for the client has gone or closed, or all memory is taken.
template <typename Stream>
awaitable<bool> WebSocketEvents<Stream>::read_message(boost::beast::flat_buffer& buffer) {
  do {
    // Between messages a client may take its time.
    if (buffer.size() > 0) {
      share_.begin_waiting([this] {
        overflow();
        boost::beast::get_lowest_layer(*socket_).cancel();
      });
    }
    auto reading = socket_->async_read_some(buffer, kMaxMessage, kTuple);
    const auto [error, size] = co_await std::move(reading);
    share_.end_waiting();
    if (error) co_return false;
    if (!first_message_) {
      buffer.clear();  // dropped as it comes
      continue;
    }
    if (!share_.grow_to(kept_ + messages_size_ + buffer.size())) {
      overflow();
      co_return false;
    }
  } while (!socket_->is_message_done());
  co_return true;
}

/// Until the handler has taken enough of what came. A client that is not read may go unnoticed, but
/// for the connection's own time limit.
template <typename Stream>
awaitable<void> WebSocketEvents<Stream>::room() {
  while (messages_size_ > kMaxReceived && !is_gone_ && socket_->is_open()) {
    wanted_.expires_after(kRoomCheck);
    auto waiting = wanted_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

template <typename Stream>
awaitable<Result<std::string>> WebSocketEvents<Stream>::receive(
    std::chrono::milliseconds patience) {
  const auto latest = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (!messages_.empty()) {
      std::string message = std::move(messages_.front());
      messages_.pop_front();
      messages_size_ -= message.size() + kMessageCost;
      (void)share_.grow_to(kept_ + messages_size_);
      wanted_.cancel();
      co_return message;
    }
    // Before it is asked who was cancelled: an overflow is why.
    if (is_overflown_) {
      co_return absl::UnavailableError("other requests' bodies take all memory for these");
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (is_gone_ || loop::is_cancelled(state)) {
      co_return absl::CancelledError("the client has gone");
    }
    received_.expires_at(latest);
    auto waiting = received_.async_wait(kTuple);
    const auto [cancelled] = co_await std::move(waiting);
    if (!cancelled) co_return absl::DeadlineExceededError("the client's message did not come");
  }
}

template class WebSocketEvents<PlainStream>;
template class WebSocketEvents<SecureStream>;

}  // namespace skerry::http
