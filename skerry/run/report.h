// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "skerry/base/status.h"
#include "skerry/run/wait_times.h"
#include "skerry/sandbox/outcome.h"

namespace skerry::run {

/// Where a session stands after a run.
struct SessionReport {
  std::string name;
  std::int64_t revision = 0;
  std::string saved = "no";  ///< "committed" or "durable" when this run is that revision
  std::string message;       ///< why it is not
  std::string notice = {};   ///< what the caller should know, "beginning anew" for one; or empty
  std::int64_t bytes = 0;    ///< of disk that it took
  Status failure;            ///< not OK when that is our doing and not the run's
};

/// What became of a run. Its output went to the request's observer.
struct Report {
  sandbox::Outcome outcome;
  std::optional<SessionReport> session;  ///< of a run in one
};

/// What a runner holds at one moment, and what has happened since its start.
struct Counts {
  int starting = 0;  ///< workers that warm up
  int spare = 0;     ///< warm, nobody's
  int idle = 0;      ///< a tenant's, without a run
  int running = 0;
  int waiting = 0;  ///< runs
  std::uint64_t runs = 0;
  std::uint64_t killed = 0;   ///< at a deadline, or because a caller asked
  std::uint64_t died = 0;     ///< workers that ended by themselves or broke the protocol
  std::uint64_t zygotes = 0;  ///< started
  int kept_sessions = 0;      ///< of which workers keep a state
  WaitTimes waits = {};

  /// Whether there is a worker, or one on its way.
  bool has_workers() const { return starting + spare + idle + running > 0; }
};

}  // namespace skerry::run
