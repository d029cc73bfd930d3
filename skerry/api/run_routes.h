// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "skerry/api/run_order.h"
#include "skerry/http/router.h"
#include "skerry/loop/pool.h"
#include "skerry/run/runner.h"
#include "skerry/tool/runs.h"

namespace skerry::api {

/// What our own routes work with; all of it must outlive the router.
struct RunApi {
  loop::Pool& pool;
  run::Runner& runner;
  tool::Runs& runs;
  const RunDecoder& decoder;
  std::string version;
  /// Whether every port accepts connections; asked on the event loop.
  std::function<Status()> ports_ready;
};

/// The JSON Schema of what `tool::json_of` makes of a run's report.
nlohmann::ordered_json report_schema();

/// Adds `/v1/run` and, for input that comes while the program runs, `/v1/run/stream`.
void add_run_routes(const RunApi& api, http::Router& router);

/// Adds `/health…` and `/readiness`.
void add_health_routes(const RunApi& api, http::Router& router);

/// Adds `/openapi.json`, which names all of the router's routes.
void add_document_route(const RunApi& api, http::Router& router);

}  // namespace skerry::api
