// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "skerry/base/status.h"

namespace skerry::workspace {

/// Ends what takes too long: asked now and then by whoever works. Confined to one thread.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Watch(Clock::time_point end) : end_(end) {}

  /// kDeadlineExceeded once the time is over. Cheap: it looks at the clock every 256th time.
  Status check() {
    if (++asked_ % 256 != 1 || Clock::now() < end_) return ok_status();
    return absl::DeadlineExceededError("timed out");
  }

 private:
  Clock::time_point end_;
  std::uint64_t asked_ = 0;
};

}  // namespace skerry::workspace
