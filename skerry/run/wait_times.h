// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace skerry::run {

/// How long runs waited for a worker, counted in classes. A value.
struct WaitTimes {
  /// Upper ends, in seconds. Runs that find a free worker are in the first.
  static constexpr std::array<double, 12> kBounds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05,
                                                  0.1,    0.5,    1,     5,     15,   60};
  std::array<std::uint64_t, kBounds.size() + 1> runs{};  ///< the last: longer than all bounds
  double seconds = 0;                                    ///< of all runs together

  void add(std::chrono::duration<double> waited);
};

}  // namespace skerry::run
