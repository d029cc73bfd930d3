// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"
#include "skerry/bench/measurement.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

// All measure sessions in a store of their own in the home (BenchDirectory), through broker and
// workers. A run's time is from its request to the answer that its revision is kept.

/// 1,000 forks of a session that holds 64 MiB, and the first run of some.
struct SessionForks {
  double total_ms = 0;  ///< of all forks
  double first_use_p50_ms = 0;
};
Result<SessionForks> measure_session_forks(const runtime::Home& home);

/// Runs of a 64 MiB session that change every byte of 1 MiB of it. Then rewinds, and runs that
/// change one number.
Result<Measurement> measure_checkpoint(const runtime::Home& home);

/// Runs of a 64 MiB session in processes that never had it.
Result<Measurement> measure_wake(const runtime::Home& home);

/// What an idle session costs: memory while a worker keeps it and after it hibernates. Then 10,000
/// sessions made, hibernated, and woken once each.
Result<Measurement> measure_density(const runtime::Home& home);

}  // namespace skerry::bench
