// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/bench/measurement.h"

namespace skerry::bench {

/// Prints what a bench found: one JSON object, or a table.
void report(const Measurement& measurement, bool as_json);

}  // namespace skerry::bench
