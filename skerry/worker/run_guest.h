// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "skerry/base/status.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/worker/change_export.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {

/// A run as the process that has its sandbox sees it.
struct GuestRun {
  /// The sandbox. Called when the run's time counts already: a module's start function may run.
  std::function<Result<sandbox::Sandbox*>()> sandbox;
  /// Runs the program or command in it.
  std::function<Result<sandbox::Outcome>(sandbox::Sandbox&)> run;
  wasi::FileSystem before{};                          ///< its files as the run finds them
  std::optional<ExportRules> exports = std::nullopt;  ///< which changed files are sent; none: none
  bool reports_changes = false;    ///< changed files are reported, in place of exports
  std::span<const int> kept = {};  ///< descriptors that the run needs, as for `RunChannel::started`
};

/// The guest's part of a run, the same in every process that runs one: says that the program
/// begins, runs it, measures, and sends the files that it changed, also when it is stopped by
/// `kStopSignal`. The outcome is the caller's to tell. A failure is ours, or the channel's.
Result<sandbox::Outcome> run_guest(const GuestRun& guest, RunChannel& channel);

}  // namespace skerry::worker
