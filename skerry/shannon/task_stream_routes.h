// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/task/tasks.h"

namespace skerry::shannon {

/// Adds the routes of tasks' events as they come: `/api/v1/stream/sse` and `/api/v1/stream/ws`.
/// `tasks` must outlive the router.
void add_task_stream_routes(task::Tasks& tasks, http::Router& router);

}  // namespace skerry::shannon
