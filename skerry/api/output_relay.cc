// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/output_relay.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::api {

void OutputRelay::add(wasi::Stream stream, std::string_view text) {
  if (joined_.empty() && client_.unsent() < kJoin) {
    client_.send(stream, text);
    return;
  }
  const bool continues = !joined_.empty() && joined_.back().first == stream &&
                         joined_.back().second.size() + text.size() <= kJoin;
  if (continues) {
    joined_.back().second += text;
  } else {
    joined_.emplace_back(stream, text);
  }
  held_ += text.size();
  flow_->is_full = held_ >= kFull;
  added_.cancel();
  if (std::exchange(is_pumping_, true)) return;
  boost::asio::co_spawn(
      added_.get_executor(), pump(),
      boost::asio::bind_cancellation_slot(pump_stop_.slot(), [this](const std::exception_ptr&) {
        is_pumping_ = false;
        pump_ended_.cancel();
      }));
}

void OutputRelay::make_room(std::size_t bytes) {
  held_ -= bytes;
  if (!flow_->is_full || held_ >= kFull) return;
  flow_->is_full = false;
  if (flow_->resume) flow_->resume();
}

void OutputRelay::flush() {
  for (const auto& [stream, text] : joined_) client_.send(stream, text);
  joined_.clear();
  make_room(held_);
}

boost::asio::awaitable<void> OutputRelay::stop_pump() {
  constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  pump_stop_.emit(boost::asio::cancellation_type::terminal);
  while (is_pumping_) {
    auto waiting = pump_ended_.async_wait(kTuple);
    (void)co_await std::move(waiting);
  }
}

boost::asio::awaitable<void> OutputRelay::pump() {
  constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
    if (joined_.empty()) {
      added_.expires_at(boost::asio::steady_timer::time_point::max());
      auto waiting = added_.async_wait(kTuple);
      (void)co_await std::move(waiting);
      continue;
    }
    auto draining = client_.drained();
    co_await std::move(draining);
    if (joined_.empty()) continue;
    const auto [stream, text] = std::move(joined_.front());
    joined_.pop_front();
    client_.send(stream, text);
    make_room(text.size());
  }
}

}  // namespace skerry::api
