// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"
#include "skerry/engine/engine.h"
#include "skerry/jail/cell.h"

namespace skerry::worker {

/// The broker's first message to a worker for one module: the module's native code, a descriptor
/// that stays the caller's. Never waits: nothing may have been sent on `socket` before.
Status send_module(int socket, int native_code, engine::Metering metering);

/// The life of a worker for one module: maps the native code that it gets, and no other process
/// does so; shuts itself into `cell`; says that it is ready; does the one run that it is told to.
/// Returns the process's exit code.
int serve_module(int socket, jail::Cell& cell);

}  // namespace skerry::worker
