// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"
#include "skerry/bench/measurement.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

/// Runs in sessions while workers, the zygote and the broker itself are killed at random. A failure
/// when an answered revision is lost, a session has another's state or a process is left behind.
Result<Measurement> measure_chaos(const runtime::Home& home);

}  // namespace skerry::bench
