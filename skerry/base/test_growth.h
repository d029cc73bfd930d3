// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <limits>

// For tests that parsers and other consumers of untrusted input take linear time.

namespace skerry {

/// What `growth` may be at most.
inline constexpr double kLinearGrowth = 3;

/// Processor time of `run(make(2 * size))` in units of `run(make(size))`: about 2 for linear work
/// and 4 for quadratic work. Choose `size` so that one run takes about a millisecond or more. The
/// shortest of several runs counts, since a busy machine only ever adds time; both sizes run in
/// turn, so that a slow while meets both; and what is above `kLinearGrowth` must be so five times.
template <typename Make, typename Run>
double growth(std::size_t size, const Make& make, const Run& run) {
  constexpr int kRuns = 7;
  constexpr int kTries = 5;
  const auto time_of = [&](std::size_t of) {
    auto input = make(of);
    timespec begin{};
    timespec end{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    run(input);
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return static_cast<double>(end.tv_sec - begin.tv_sec) +
           1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec);
  };
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries && least >= kLinearGrowth; ++i) {
    double once = std::numeric_limits<double>::infinity();
    double twice = std::numeric_limits<double>::infinity();
    for (int n = 0; n < kRuns; ++n) {
      once = std::min(once, time_of(size));
      twice = std::min(twice, time_of(2 * size));
    }
    least = std::min(least, twice / once);
  }
  return least;
}

}  // namespace skerry
