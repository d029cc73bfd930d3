// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/loop/cancellation.h"

namespace skerry::session {

// Between two attempts; each pause is twice as long as the one before.
inline constexpr std::chrono::milliseconds kFirstPause{2};
inline constexpr std::chrono::milliseconds kMaxPause{100};

/// Whether an attempt failed because another has what it takes.
inline bool is_busy(const Status& status) { return status.code() == StatusCode::kUnavailable; }
template <typename Value>
bool is_busy(const Result<Value>& result) {
  return is_busy(result.status());
}

/// Awaits what `once` returns, again and again while that is busy, until `latest` or until the
/// coroutine is cancelled: the last answer then says that it was. Cancellation ends a pause, never
/// an attempt.
template <typename Once>
std::invoke_result_t<Once&> ask_again(std::chrono::steady_clock::time_point latest, Once once) {
  using Value = typename std::invoke_result_t<Once&>::value_type;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kMaxPause)) {
    auto attempt = once();
    Value value = co_await std::move(attempt);
    if (!is_busy(value) || std::chrono::steady_clock::now() > latest) co_return value;
    if (!loop::is_cancelled(cancellation)) {
      timer.expires_after(pause);
      auto waiting = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      (void)co_await std::move(waiting);
    }
    if (loop::is_cancelled(cancellation)) co_return value;
  }
}

}  // namespace skerry::session
