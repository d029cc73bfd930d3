// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http1_events.h"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "skerry/http/connections.h"
#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"

namespace skerry::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using loop::kNever;
using loop::kTuple;

// The connection ends with the events, which marks their end.
constexpr const char* kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n";

}  // namespace

template <typename Stream>
Http1Events<Stream>::Http1Events(Stream& stream, std::chrono::milliseconds write_time,
                                 Changed changed)
    : stream_(stream),
      write_time_(write_time),
      on_unsent_(std::move(changed)),
      changed_(stream.get_executor()),
      taken_(stream.get_executor(), kNever),
      pumped_(stream.get_executor(), kNever) {}

template <typename Stream>
void Http1Events<Stream>::open() {
  if (!std::exchange(has_begun_, true)) add(EventText::kOpening);
}

template <typename Stream>
void Http1Events<Stream>::send(const StreamEvent& event) {
  has_begun_ = true;
  std::string text;
  text_.append(event, text);
  add(text);
}

template <typename Stream>
awaitable<void> Http1Events<Stream>::drained() {
  const auto state = co_await asio::this_coro::cancellation_state;
  while (!is_closed_ && unsent() > 0 && !loop::is_cancelled(state)) {
    auto waiting = taken_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

template <typename Stream>
void Http1Events<Stream>::close() {
  is_closed_ = true;
  changed_.cancel();
  taken_.cancel();
}

template <typename Stream>
awaitable<void> Http1Events<Stream>::finished() {
  while (is_pumping_) {
    auto waiting = pumped_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

/// Writes what comes, until the end or until the client does not take it.
template <typename Stream>
awaitable<void> Http1Events<Stream>::pump() {
  bool is_first = true;
  for (;;) {
    if (waiting_.empty() && is_closed_) co_return;
    if (waiting_.empty()) {
      changed_.expires_after(kHeartbeat);
      const auto [error] = co_await changed_.async_wait(kTuple);
      if (!error && has_begun_) waiting_ += text_.heartbeat();
      continue;
    }
    std::string now = std::exchange(waiting_, {});
    if (is_first) now.insert(0, kHead);
    is_first = false;
    writing_ = now.size();
    boost::beast::get_lowest_layer(stream_).expires_after(write_time_);
    auto writing = write_all(stream_, {asio::buffer(now)});
    const boost::system::error_code error = co_await std::move(writing);
    boost::beast::get_lowest_layer(stream_).expires_never();
    writing_ = 0;
    on_unsent_(unsent());
    if (error) {
      close();
      co_return;
    }
    taken_.cancel();
  }
}

template <typename Stream>
void Http1Events<Stream>::add(std::string_view text) {
  if (is_closed_) return;
  waiting_ += text;
  on_unsent_(unsent());
  changed_.cancel();
  // Most requests have no events, and need nobody who writes them.
  if (std::exchange(is_pumping_, true)) return;
  asio::co_spawn(stream_.get_executor(), pump(), [this](const std::exception_ptr&) {
    is_pumping_ = false;
    pumped_.cancel();
  });
}

template class Http1Events<PlainStream>;
template class Http1Events<SecureStream>;

}  // namespace skerry::http
