// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <vector>

#include "skerry/bench/measurement.h"

namespace skerry::bench {

/// Measured times in milliseconds, or other numbers, in the order in which they were taken.
using Samples = std::vector<double>;

double milliseconds_since(std::chrono::steady_clock::time_point begun);

/// The middle one of at least one sample.
double median(Samples samples);

/// Fills in count, percentiles and rate of at least one time.
void fill_percentiles(Samples samples, Measurement& m);

}  // namespace skerry::bench
