// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "skerry/base/token_bucket.h"

namespace skerry::access {

using Clock = std::chrono::steady_clock;

/// Opens when too many of the last calls failed, and lets one call try whether that is over. A
/// value.
class CircuitBreaker {
 public:
  struct Options {
    double error_threshold = 0.5;     ///< share of failures that opens it, above 0 to 1
    std::chrono::seconds window{30};  ///< over which is counted, and how long it stays open
    int min_requests = 0;             ///< within the window, before it may open; 0: it never does
  };

  bool allows(const Options& options, Clock::time_point now) {
    if (options.min_requests == 0 || !opened_) return true;
    if (now - *opened_ < options.window) return false;
    opened_ = now;  // this call tries; others wait for how it ends
    return true;
  }
  void record(const Options& options, bool failed, Clock::time_point now) {
    if (options.min_requests == 0) return;
    if (opened_ && !failed) *this = {};
    if (now - begun_ >= options.window) {
      before_ = now - begun_ < 2 * options.window ? counted_ : Counted{};
      counted_ = {};
      begun_ = now;
    }
    ++counted_.calls;
    counted_.failures += failed ? 1 : 0;
    const double calls = counted_.calls + before_.calls;
    const double failures = counted_.failures + before_.failures;
    if (calls >= options.min_requests && failures / calls >= options.error_threshold && failed) {
      opened_ = now;
    }
  }
  std::chrono::milliseconds wait(const Options& options, Clock::time_point now) const {
    if (!opened_) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(*opened_ + options.window - now);
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
