// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <time.h>

/// How processor time grows with the input. For tests only.
namespace skerry::files::testing {

/// What a doubled input may multiply the processor time by. In proportion is 2, a square is 4.
inline constexpr double kMostGrowth = 3;

template <typename Work>
double processor_time(const Work& work) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  work();
  return now() - begin;
}

/// By how much more `use(make(2 * size))` takes than `use(make(size))`, or than a millisecond,
/// below which all is noise. Making is not counted; the best of five is, since other programs of
/// the machine empty the caches.
template <typename Make, typename Use>
double growth(std::size_t size, const Make& make, const Use& use) {
  const auto best = [&](std::size_t of) {
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 5; ++i) {
      auto input = make(of);
      least = std::min(least, processor_time([&] { use(input); }));
    }
    return least;
  };
  const double once = std::max(best(size), 1e-3);
  return best(2 * size) / once;
}

}  // namespace skerry::files::testing
