// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "skerry/agent/agent.h"
#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/run/runner.h"
#include "skerry/service/run_order.h"
#include "skerry/tool/runs.h"
#include "skerry/tool/toolbox.h"

namespace skerry::service {

/// What the HTTP routes work with; all of it must outlive the router.
struct HttpApi {
  loop::Pool& pool;
  const agent::Agent& agent;
  const tool::Toolbox& tools;
  run::Runner& runner;
  tool::Runs& runs;
  RunRules rules;
  std::string version;
  /// Whether every port accepts connections; asked on the event loop.
  std::function<Status()> ports_ready;
};

/// Adds the routes of Shannon's Python service and gateway that are there (`/tools/…`,
/// `/agent/query`, `/api/v1/tools…`, `/health…`), our own `/v1/run`, and `/openapi.json`, which
/// names all of the router's.
void add_routes(const HttpApi& api, http::Router& router);

/// Adds the routes `/health…` and `/readiness` alone.
void add_health_routes(const HttpApi& api, http::Router& router);

}  // namespace skerry::service
