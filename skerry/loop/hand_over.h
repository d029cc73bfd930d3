// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::loop {

/// Hands `work` over to another thread, and gives what it returns, on the coroutine's own executor:
/// `submit` gets a task, a movable function of no arguments, to be called once on any thread. A
/// cancelled wait goes on until the work is done: what `work` refers to must live as long as the
/// coroutine does. When the task is destroyed uncalled, so is the coroutine. `work` must not throw.
template <typename Submit, typename Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> hand_over(Submit submit, Work work) {
  using Value = std::invoke_result_t<Work&>;
  auto begin = [&submit, &work](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto busy = boost::asio::make_work_guard(executor);
    submit([&work, executor, busy = std::move(busy), handler = std::move(handler)]() mutable {
      auto resume = [handler = std::move(handler), value = work()]() mutable {
        std::move(handler)(std::move(value));
      };
      boost::asio::post(executor, std::move(resume));
    });
  };
  auto waiting = boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Value)>(
      std::move(begin), boost::asio::use_awaitable);
  co_return co_await std::move(waiting);
}

}  // namespace skerry::loop
