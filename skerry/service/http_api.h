// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/agent/agent.h"
#include "skerry/broker/runner.h"
#include "skerry/service/router.h"
#include "skerry/service/run_order.h"
#include "skerry/tool/runs.h"
#include "skerry/tool/toolbox.h"

namespace skerry::service {

/// What the HTTP routes work with; all of it must outlive the router.
struct HttpApi {
  const agent::Agent& agent;
  const tool::Toolbox& tools;
  broker::Runner& runner;
  tool::Runs& runs;
  RunRules rules;
  std::string version;
};

/// Adds the routes of Shannon's Python service and gateway that are there (`/tools/…`,
/// `/agent/query`, `/api/v1/tools…`, `/health…`), our own `/v1/run`, and `/openapi.json`, which
/// names all of the router's.
void add_routes(const HttpApi& api, Router& router);

}  // namespace skerry::service
