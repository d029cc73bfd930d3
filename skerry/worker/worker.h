// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/jail/cell.h"
#include "skerry/runtime/installation.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::worker {

/// Everything that runs may start from, opened once, before there are workers: a jailed process
/// opens nothing. Const calls only, so every forked worker shares it.
class Origins {
 public:
  /// Opens all templates, each with metered code if that was compiled. A failure is what
  /// `PythonInstallation::open` says: set-up mends it.
  static Result<Origins> open(const runtime::PythonInstallation& installation);

  /// kInvalidArgument for an unknown template; kFailedPrecondition for metered code that is not
  /// there.
  Result<const sandbox::Origin*> find(std::string_view template_name,
                                      engine::Metering metering) const;

  /// The descriptors that sandboxes on these need.
  std::vector<int> descriptors() const;

 private:
  std::map<std::pair<std::string, engine::Metering>, std::unique_ptr<sandbox::Origin>> origins_;
};

/// A worker's life: shuts itself into `cell` while it warms a sandbox up, says that it is ready,
/// then takes one run after the other from `socket` until the other end closes it. Every run is
/// fresh: nothing of one is left for the next. Returns the process's exit code.
int serve_runs(int socket, const Origins& origins, jail::Cell& cell);

}  // namespace skerry::worker
