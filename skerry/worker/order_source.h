// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/engine/engine.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/worker/run_events.h"
#include "skerry/worker/run_request.h"

// What every kind of worker does with what the broker tells it.

namespace skerry::worker {

/// Waits for the next order, and adds the files beside it to `files`. None when the broker wants no
/// more. kInternal when what comes is no order.
Result<std::optional<WorkerOrder>> next_order(int socket, std::vector<OwnedFd>& files);

/// Which code a run under these limits takes.
engine::Metering metering_of(const sandbox::Limits& limits);

/// What the run may see of the outside. Borrows the input and the channel.
sandbox::World world_of(const RunRequest& request, wasi::InputSource& input, RunChannel& channel);

}  // namespace skerry::worker
