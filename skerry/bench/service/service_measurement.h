// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/bench/measurement.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

/// The bench `service`: the service in a process of its own, asked over gRPC and HTTP from this
/// one. Percentiles are gRPC's on one warm connection, the rate is HTTP's on eight. Takes half a
/// minute.
Result<Measurement> measure_service(const runtime::Home& home);

}  // namespace skerry::bench
