// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/loop/cancellation.h"

namespace skerry::loop {

/// Waits for what `start` begins: it gets a callback for the answer, to be called at most once, and
/// returns a function that cancels. A wait that is cancelled, or was before it began, calls that,
/// and goes on until the answer is there. When the callback is destroyed uncalled, so is the
/// coroutine.
template <typename Answer, typename Start>
boost::asio::awaitable<Answer> wait_for(Start start) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  const bool is_late = is_cancelled(state);
  auto begin = [&start, is_late](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto slot = boost::asio::get_associated_cancellation_slot(*waiting);
    auto cancel = start([waiting, slot](Answer answer) mutable {
      slot.clear();
      const auto executor = boost::asio::get_associated_executor(*waiting);
      boost::asio::post(executor, [waiting, answer = std::move(answer)]() mutable {
        std::move (*waiting)(std::move(answer));
      });
    });
    if (slot.is_connected()) {
      slot.assign([cancel](boost::asio::cancellation_type) { cancel(); });
    }
    if (is_late) cancel();  // before there was anything to cancel
  };
  auto waiting = boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Answer)>(
      std::move(begin), boost::asio::use_awaitable);
  co_return co_await std::move(waiting);
}

/// Never returns: the coroutine, and whatever awaits it, is destroyed. For what goes on after its
/// owner has stopped, and may touch nothing of it.
inline boost::asio::awaitable<void> never() {
  auto begin = [](auto handler) {
    const auto executor = boost::asio::get_associated_executor(handler);
    boost::asio::post(executor, [handler = std::move(handler)] {});
  };
  auto waiting = boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      std::move(begin), boost::asio::use_awaitable);
  co_await std::move(waiting);
}

}  // namespace skerry::loop
