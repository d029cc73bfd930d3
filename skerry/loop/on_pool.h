// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace skerry::loop {

/// Does `work` on a thread of the pool, and gives what it returns, on the coroutine's own executor.
/// Cannot be cancelled: what `work` refers to must live as long as the coroutine does. `work` must
/// not throw.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> on_pool(boost::asio::thread_pool& pool,
                                                           Work work) {
  using Answer = std::invoke_result_t<Work>;
  auto begin = [&pool, &work](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto busy = boost::asio::make_work_guard(executor);
    boost::asio::post(
        pool, [&work, executor, busy = std::move(busy), handler = std::move(handler)]() mutable {
          auto tell = [handler = std::move(handler), answer = work()]() mutable {
            std::move(handler)(std::move(answer));
          };
          boost::asio::post(executor, std::move(tell));
        });
  };
  auto waiting = boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Answer)>(
      std::move(begin), boost::asio::use_awaitable);
  co_return co_await std::move(waiting);
}

}  // namespace skerry::loop
