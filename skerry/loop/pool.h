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
#include <boost/asio/awaitable.hpp>

#include "skerry/loop/hand_over.h"
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

  /// Does `work` on a thread, and gives what it returns, as `hand_over` does.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work&>> run(std::string tenant, Work work) {
    auto submitting = [this, tenant = std::move(tenant)](auto task) {
      submit(tenant, std::move(task));
    };
    return hand_over(std::move(submitting), std::move(work));
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
