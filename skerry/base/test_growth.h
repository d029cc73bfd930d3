// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <limits>

// For tests that parsers and other consumers of untrusted input take linear time.

namespace skerry {

/// Processor time of `run(make(2 * size))` in units of `run(make(size))`: about 2 for linear work
/// and 4 for quadratic work. Choose `size` so that one run takes milliseconds. The shortest of
/// several runs counts, as a busy machine only ever adds time.
template <typename Make, typename Run>
double growth(std::size_t size, Make make, Run run) {
  constexpr int kRuns = 7;
  const auto shortest = [&](std::size_t of) {
    const auto input = make(of);
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kRuns; ++i) {
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
  const double single = shortest(size);
  return shortest(2 * size) / single;
}

/// What `growth` may be at most.
inline constexpr double kLinearGrowth = 3;

}  // namespace skerry
