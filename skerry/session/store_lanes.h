// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>

#include "skerry/loop/mutex.h"

namespace skerry::session {

/// Threads for what is done with tenants' session stores. One tenant's tasks are done in the order
/// in which they were posted, never two at once; different tenants' do not wait for each other: a
/// task that writes much takes no thread that small ones need. Thread-safe.
class StoreLanes {
 public:
  /// Bounds of the threads. `large` of them at most do large tasks.
  struct Size {
    int threads = 4;
    int large = 2;
  };
  explicit StoreLanes(Size size);
  StoreLanes() : StoreLanes(Size{}) {}
  StoreLanes(const StoreLanes&) = delete;
  StoreLanes& operator=(const StoreLanes&) = delete;
  ~StoreLanes() { join(); }

  /// How much a task reads or writes.
  enum class Weight {
    kSmall,  ///< some milliseconds
    kLarge,  ///< as many megabytes as a session has
  };
  /// Does `task` on one of the threads. It must not throw.
  void post(const std::string& tenant, Weight weight, absl::AnyInvocable<void()> task);

  /// Does all that was posted, tasks of tasks included, and ends the threads. Posting afterwards
  /// does nothing.
  void join();

 private:
  struct Task {
    Weight weight = Weight::kSmall;
    absl::AnyInvocable<void()> run;
  };
  struct Lane {
    std::deque<Task> tasks;  // the first is under way, or in a queue
  };
  using Lanes = std::map<std::string, Lane>;

  /// A thread that waits for work.
  struct Idle {
    std::condition_variable called;
    bool is_called = false;
  };

  void work(Idle& self);
  void queue(Lanes::iterator lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// The thread that was idle last, if there is one: what it works with is in its caches. To be
  /// notified when the mutex is free, which is the first that it takes.
  Idle* call() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void call_all() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool has_work() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !small_.empty() || (!large_.empty() && large_running_ < size_.large);
  }

  const Size size_;
  loop::Mutex mutex_;
  // Lanes whose first task nothing holds up but the want of a thread:
  std::deque<Lanes::iterator> small_ ABSL_GUARDED_BY(mutex_);
  std::deque<Lanes::iterator> large_ ABSL_GUARDED_BY(mutex_);
  Lanes lanes_ ABSL_GUARDED_BY(mutex_);  // of tenants that have tasks
  int large_running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_joined_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Idle*> idle_ ABSL_GUARDED_BY(mutex_);  // the last one was idle last
  std::deque<Idle> places_;  // of the threads; `is_called` is under the mutex
  std::vector<std::thread> threads_;
};

}  // namespace skerry::session
