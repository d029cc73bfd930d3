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
/// shortest of several runs counts, since a busy machine only ever adds time; and what is above
/// `kLinearGrowth` must be so three times.
template <typename Make, typename Run>
double growth(std::size_t size, const Make& make, const Run& run) {
  constexpr int kRuns = 7;
  constexpr int kTries = 3;
  const auto shortest = [&](std::size_t of) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kRuns; ++i) {
      auto input = make(of);
      timespec begin{};
      timespec end{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
      run(input);
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
      best = std::min(best, static_cast<double>(end.tv_sec - begin.tv_sec) +
                                1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec));
    }
    return best;
  };
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries && least >= kLinearGrowth; ++i) {
    const double single = shortest(size);
    least = std::min(least, shortest(2 * size) / single);
  }
  return least;
}

}  // namespace skerry
