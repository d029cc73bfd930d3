// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <sys/types.h>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "skerry/base/os/release.h"
#include "skerry/loop/mutex.h"

namespace skerry::loop {

/// Gives back what is large on a thread of its own, for the thread that made it: while this lives,
/// that one hands it over, whoever was the last owner (`set_release_queue`).
///
/// Confined to the thread that made it, which makes one at a time. Ends when all is given back.
class BackgroundRelease final : ReleaseQueue {
 public:
  /// How much may wait to be given back; what comes then is given back at once: who takes memory
  /// faster than a thread frees it must not get all of it.
  struct Bounds {
    std::size_t items = 4096;
    std::size_t bytes = std::size_t{512} << 20;
  };

  explicit BackgroundRelease(Bounds bounds);
  BackgroundRelease() : BackgroundRelease(Bounds{}) {}
  ~BackgroundRelease() override;
  BackgroundRelease(const BackgroundRelease&) = delete;
  BackgroundRelease& operator=(const BackgroundRelease&) = delete;

 private:
  bool take(const LargeThing& thing) noexcept override;
  void work();

  const Bounds bounds_;
  const pid_t process_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::vector<LargeThing> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<LargeThing> taken_;                  // the thread's
  std::size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of both
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace skerry::loop
