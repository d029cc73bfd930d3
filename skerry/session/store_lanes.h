// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <absl/functional/any_invocable.h>

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
  void queue(Lanes::iterator lane);
  /// The thread that was idle last, if there is one: what it works with is in its caches. To be
  /// notified when the mutex is free, which is the first that it takes.
  Idle* call();
  void call_all();
  bool has_work() const {
    return !small_.empty() || (!large_.empty() && large_running_ < size_.large);
  }

  const Size size_;
  std::mutex mutex_;
  // Guarded by the mutex. Lanes whose first task nothing holds up but the want of a thread:
  std::deque<Lanes::iterator> small_;
  std::deque<Lanes::iterator> large_;
  Lanes lanes_;  // of tenants that have tasks
  int large_running_ = 0;
  bool is_ending_ = false;
  bool is_joined_ = false;
  std::vector<Idle*> idle_;  // the last one was idle last
  std::deque<Idle> places_;  // of the threads
  std::vector<std::thread> threads_;
};

}  // namespace skerry::session
