// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/loop/mutex.h"

namespace skerry::loop {

/// Threads for computations that are too long for the event loop, such as parsing a large body.
/// Tenants take turns, and one tenant alone leaves a thread free for the others.
///
/// Thread-safe. Work that has begun cannot be cancelled.
class Pool {
 public:
  explicit Pool(int threads);
  /// Finishes all work that was given to it.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Does `work` on a thread, and gives what it returns, on the coroutine's own executor. What
  /// `work` refers to must live as long as the coroutine; it must not throw.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> run(std::string tenant, Work work) {
    using Value = std::invoke_result_t<Work>;
    auto begin = [this, &tenant, &work](auto handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      auto busy = boost::asio::make_work_guard(executor);
      submit(tenant,
             [&work, executor, busy = std::move(busy), handler = std::move(handler)]() mutable {
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

 private:
  using Task = absl::AnyInvocable<void()>;
  struct Queue {
    std::deque<Task> tasks;
    std::size_t running = 0;
  };

  void submit(const std::string& tenant, Task task);
  void serve();
  std::map<std::string, Queue>::iterator next_queue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::size_t most_of_one_;
  Mutex mutex_;
  std::condition_variable changed_;
  // Of tenants with tasks that wait or run.
  std::map<std::string, Queue> queues_ ABSL_GUARDED_BY(mutex_);
  std::string last_tenant_ ABSL_GUARDED_BY(mutex_);
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace skerry::loop
