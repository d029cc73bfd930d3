// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/output_relay.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/loop/cancellation.h"
#include "skerry/loop/completion.h"

namespace skerry::api {

void OutputRelay::add(wasi::Stream stream, std::string_view text) {
  if (joined_.empty() && client_.unsent() < kJoin &&
      (!rate_ || rate_->take(TokenBucket::Clock::now()))) {
    client_.send(stream, text);
    return;
  }
  if (std::string* piece = piece_for(stream, text.size()); piece != nullptr) {
    *piece += text;
  } else {
    joined_.emplace_back(stream, text);
  }
  held_ += text.size();
  flow_->is_full = held_ >= kFull || is_behind_;
  if (flow_->is_full) next_event_.cancel();
  start_pump();
}

void OutputRelay::wait_if_behind() {
  if (client_.unsent() < kFull) return;
  is_behind_ = true;
  flow_->is_full = true;
  start_pump();
}

void OutputRelay::start_pump() {
  added_.cancel();
  if (std::exchange(is_pumping_, true)) return;
  boost::asio::co_spawn(
      added_.get_executor(), pump(),
      boost::asio::bind_cancellation_slot(pump_stop_.slot(), [this](const std::exception_ptr&) {
        is_pumping_ = false;
        pump_ended_.cancel();
      }));
}

std::string* OutputRelay::piece_for(wasi::Stream stream, std::size_t bytes) {
  // Where events are counted, both streams have a piece: a program that writes to them in turn
  // would have more pieces than may be sent in its time.
  const std::size_t last = rate_ ? 2 : 1;
  const std::size_t most = rate_ ? kFull : kJoin;
  for (std::size_t i = 0; i < std::min(last, joined_.size()); ++i) {
    auto& [whose, text] = *(joined_.rbegin() + static_cast<std::ptrdiff_t>(i));
    if (whose != stream) continue;
    // Not an older one: what a stream gets keeps its order.
    return text.size() + bytes <= most ? &text : nullptr;
  }
  return nullptr;
}

void OutputRelay::make_room(std::size_t bytes) {
  held_ -= bytes;
  if (!flow_->is_full || held_ >= kFull || is_behind_) return;
  flow_->is_full = false;
  if (flow_->resume) flow_->resume();
}

void OutputRelay::flush() {
  for (const auto& [stream, text] : joined_) client_.send(stream, text);
  joined_.clear();
  make_room(held_);
}

boost::asio::awaitable<void> OutputRelay::stop_pump() {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  pump_stop_.emit(boost::asio::cancellation_type::terminal);
  while (is_pumping_) {
    auto waiting = pump_ended_.async_wait(loop::kTuple);
    (void)co_await std::move(waiting);
  }
}

boost::asio::awaitable<void> OutputRelay::pump() {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (loop::is_cancelled(state)) co_return;
    if (joined_.empty() && !is_behind_) {
      added_.expires_at(boost::asio::steady_timer::time_point::max());
      auto waiting = added_.async_wait(loop::kTuple);
      (void)co_await std::move(waiting);
      continue;
    }
    auto draining = client_.drained();
    co_await std::move(draining);
    if (std::exchange(is_behind_, false)) make_room(0);
    if (joined_.empty()) continue;
    // What fills all there is goes at once: the limit is for events, and not for bytes.
    const auto now = TokenBucket::Clock::now();
    if (rate_ && !flow_->is_full && !rate_->take(now)) {
      next_event_.expires_after(rate_->wait(now));
      auto waiting = next_event_.async_wait(loop::kTuple);
      (void)co_await std::move(waiting);
      continue;
    }
    const auto [stream, text] = std::move(joined_.front());
    joined_.pop_front();
    client_.send(stream, text);
    make_room(text.size());
  }
}

}  // namespace skerry::api
