// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "skerry/base/status.h"

namespace skerry::files {

/// The time until which an operation may work. Every loop over bytes, lines, names or files checks
/// it, so that the operation ends by itself and can say why. Confined to one thread.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(Clock::time_point end) : end_(end) {}

  /// kDeadlineExceeded once the time is over. `work` is what has been done since the last check, in
  /// bytes or steps of comparable cost: the clock is read once for every 64 Ki of it, about every
  /// 0.1 ms.
  Status check(std::uint64_t work = kStep) {
    if (work < left_) {
      left_ -= work;
      return ok_status();
    }
    left_ = kBetweenReadings;
    return check_now();
  }
  /// The same, and always reads the clock.
  Status check_now() const {
    return Clock::now() < end_ ? ok_status() : absl::DeadlineExceededError("timed out");
  }

 private:
  static constexpr std::uint64_t kStep = 256;  // a name or a short line
  static constexpr std::uint64_t kBetweenReadings = 1 << 16;
  Clock::time_point end_;
  std::uint64_t left_ = 0;
};

}  // namespace skerry::files
