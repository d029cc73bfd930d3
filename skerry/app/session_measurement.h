// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/app/measurement.h"
#include "skerry/base/status.h"
#include "skerry/runtime/installation.h"

namespace skerry::app {

// All measure sessions of a tenant of their own in the home's store, and clear them afterwards.

/// 1,000 forks of a session that holds 64 MiB, and the first run of some.
struct SessionForks {
  double total_ms = 0;  ///< of all forks
  double first_use_p50_ms = 0;
};
Result<SessionForks> measure_session_forks(const runtime::PythonInstallation& installation);

/// A revision of a 64 MiB session of which 1 MiB has changed: from the guest's end to the answer
/// "committed". Then rewinds, and small runs in a warm sandbox with their commit.
Result<Measurement> measure_checkpoint(const runtime::PythonInstallation& installation);

/// From a session's name to the end of its first run, in a process that has native code mapped but
/// never had the session.
Result<Measurement> measure_wake(const runtime::PythonInstallation& installation);

}  // namespace skerry::app
