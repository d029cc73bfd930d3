// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/agent/agent.h"
#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/tool/toolbox.h"

namespace skerry::shannon {

/// What Shannon's routes work with; all of it must outlive the router.
struct ToolApi {
  loop::Pool& pool;
  const agent::Agent& agent;
  const tool::Toolbox& tools;
};

/// Adds the routes of Shannon's Python service and gateway for tools: `/tools/…`, `/api/v1/tools…`.
void add_tool_routes(const ToolApi& api, http::Router& router);

}  // namespace skerry::shannon
