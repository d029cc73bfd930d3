// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace skerry {

/// A token bucket: by default as many at once as come back in a second. A value.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// `per_second` is more than 0.
  TokenBucket(double per_second, Clock::time_point now)
      : TokenBucket(per_second, per_second, now) {}
  TokenBucket(double per_second, double at_once, Clock::time_point now)
      : per_second_(per_second), capacity_(std::max(1.0, at_once)), tokens_(capacity_), at_(now) {}

  double limit() const { return capacity_; }
  double left(Clock::time_point now) {
    const std::chrono::duration<double> gone = now - at_;
    tokens_ = std::min(capacity_, tokens_ + std::max(0.0, gone.count()) * per_second_);
    at_ = now;
    return tokens_;
  }
  /// Whether there was a token: then it is gone.
  bool take(Clock::time_point now) {
    if (left(now) < 1) return false;
    tokens_ -= 1;
    return true;
  }
  /// Until there is a token.
  std::chrono::milliseconds wait(Clock::time_point now) {
    const double missing = std::max(0.0, 1 - left(now));
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>(missing / per_second_));
  }

 private:
  double per_second_;
  double capacity_;
  double tokens_;
  Clock::time_point at_;
};

}  // namespace skerry
