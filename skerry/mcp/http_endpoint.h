// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/mcp/server.h"

namespace skerry::mcp {

/// Adds `/mcp`: the protocol over streamable HTTP. A request is answered with one object, or, once
/// there is something to tell before its result, with events. Both must outlive the router.
void add_http_endpoint(Server& server, loop::Pool& pool, http::Router& router);

}  // namespace skerry::mcp
