// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"
#include "skerry/bench/measurement.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

/// Fresh prints through a broker and its workers: one after the other, eight at once, in a process
/// of its own, right after a kill, and beside a tenant whose loops fill the machine.
Result<Measurement> measure_broker(const runtime::Home& home);

}  // namespace skerry::bench
