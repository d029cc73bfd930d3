// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include <absl/base/thread_annotations.h>

namespace skerry::loop {

/// A std::mutex that Clang's -Wthread-safety knows. What it guards is declared with
/// ABSL_GUARDED_BY, what is called with it held with ABSL_EXCLUSIVE_LOCKS_REQUIRED; a use without
/// the lock does not compile then. std::mutex of libstdc++ says nothing to that analysis, and
/// absl::Mutex of the distribution nothing to the thread sanitizer.
class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

/// Holds a Mutex, which must outlive it, until it ends. For the thread that made it.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : lock_(mutex.mutex_) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() ABSL_UNLOCK_FUNCTION() {}

  /// For work that others should not wait for; `lock` again before the end is not needed.
  void unlock() ABSL_UNLOCK_FUNCTION() { lock_.unlock(); }
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { lock_.lock(); }

  /// Waits without the mutex for somebody to notify `changed`, or for no reason: to be called in a
  /// loop that looks. (No predicate: the analysis would not know that it is called with the lock.)
  void wait(std::condition_variable& changed) { changed.wait(lock_); }
  /// The same, until `end` at most.
  std::cv_status wait_until(std::condition_variable& changed,
                            std::chrono::steady_clock::time_point end) {
    return changed.wait_until(lock_, end);
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace skerry::loop
