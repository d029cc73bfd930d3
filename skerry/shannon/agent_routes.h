// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/shannon/tool_routes.h"

namespace skerry::shannon {

/// Adds `/agent/query`: what a query asks for, in one object or event by event (docs/model.md).
void add_agent_routes(const ToolApi& api, http::Router& router);

}  // namespace skerry::shannon
