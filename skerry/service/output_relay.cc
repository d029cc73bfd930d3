// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/output_relay.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::service {

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

boost::asio::awaitable<std::monostate> OutputRelay::pump() {
  constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return std::monostate();
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

}  // namespace skerry::service
