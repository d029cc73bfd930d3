// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/samples.h"

#include <algorithm>
#include <numeric>

namespace skerry::bench {
namespace {

double percentile(const Samples& sorted, double fraction) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(fraction * static_cast<double>(sorted.size())))];
}

}  // namespace

double milliseconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

double median(Samples samples) {
  std::sort(samples.begin(), samples.end());
  return percentile(samples, 0.5);
}

void fill_percentiles(Samples samples, Measurement& m) {
  std::sort(samples.begin(), samples.end());
  m.samples = samples.size();
  m.p50_ms = percentile(samples, 0.50);
  m.p90_ms = percentile(samples, 0.90);
  m.p99_ms = percentile(samples, 0.99);
  const double total = std::accumulate(samples.begin(), samples.end(), 0.0);
  m.per_second = total > 0 ? 1000 * static_cast<double>(samples.size()) / total : 0;
}

}  // namespace skerry::bench
