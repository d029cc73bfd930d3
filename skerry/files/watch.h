// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "skerry/base/status.h"

namespace skerry::files {

/// Ends what takes too long: asked now and then by whoever works. Confined to one thread.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Watch(Clock::time_point end) : end_(end) {}

  /// kDeadlineExceeded once the time is over. For small steps, lines and names: it looks at the
  /// clock every 256th time.
  Status check() { return ++asked_ % 256 == 1 ? check_now() : ok_status(); }
  /// The same, at once: for steps that may be long, as a file is.
  Status check_now() const {
    return Clock::now() < end_ ? ok_status() : absl::DeadlineExceededError("timed out");
  }

 private:
  Clock::time_point end_;
  std::uint64_t asked_ = 0;
};

}  // namespace skerry::files
