// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace skerry::access {

using Clock = std::chrono::steady_clock;

/// A token bucket: as many at once as come back in a second. A value.
class TokenBucket {
 public:
  /// `per_second` is more than 0.
  TokenBucket(double per_second, Clock::time_point now)
      : per_second_(per_second),
        capacity_(std::max(1.0, per_second)),
        tokens_(capacity_),
        at_(now) {}

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

/// Opens when too many of the last calls failed, and lets one call try whether that is over. A
/// value.
class CircuitBreaker {
 public:
  struct Setting {
    double error_threshold = 0.5;     ///< share of failures that opens it, above 0 to 1
    std::chrono::seconds window{30};  ///< over which is counted, and how long it stays open
    int min_requests = 0;             ///< within the window, before it may open; 0: it never does
  };

  bool allows(const Setting& setting, Clock::time_point now) {
    if (setting.min_requests == 0 || !opened_) return true;
    if (now - *opened_ < setting.window) return false;
    opened_ = now;  // this call tries; others wait for how it ends
    return true;
  }
  void record(const Setting& setting, bool failed, Clock::time_point now) {
    if (setting.min_requests == 0) return;
    if (opened_ && !failed) *this = {};
    if (now - begun_ >= setting.window) {
      before_ = now - begun_ < 2 * setting.window ? counted_ : Counted{};
      counted_ = {};
      begun_ = now;
    }
    ++counted_.calls;
    counted_.failures += failed ? 1 : 0;
    const double calls = counted_.calls + before_.calls;
    const double failures = counted_.failures + before_.failures;
    if (calls >= setting.min_requests && failures / calls >= setting.error_threshold && failed) {
      opened_ = now;
    }
  }
  std::chrono::milliseconds wait(const Setting& setting, Clock::time_point now) const {
    if (!opened_) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(*opened_ + setting.window - now);
  }

 private:
  struct Counted {
    int calls = 0;
    int failures = 0;
  };
  Counted counted_;  // of the window that began at `begun_`
  Counted before_;   // of the one before
  Clock::time_point begun_{};
  std::optional<Clock::time_point> opened_;
};

}  // namespace skerry::access
