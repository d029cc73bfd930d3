// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/task/tasks.h"

namespace skerry::shannon {

/// Adds the routes of tasks: submit, look, control (`/api/v1/tasks…`). `tasks` must outlive the
/// router.
void add_task_routes(task::Tasks& tasks, loop::Pool& pool, http::Router& router);

}  // namespace skerry::shannon
