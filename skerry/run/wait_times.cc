// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/wait_times.h"

#include <algorithm>

namespace skerry::run {

void WaitTimes::add(std::chrono::duration<double> waited) {
  const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), waited.count());
  ++runs[static_cast<std::size_t>(bound - kBounds.begin())];
  seconds += waited.count();
}

}  // namespace skerry::run
