// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/run/runner.h"
#include "skerry/tool/definition.h"
#include "skerry/tool/runs.h"

namespace skerry::api {

/// What runs may have, as the operator says. A value.
struct RunRules {
  sandbox::Limits limits = {};  ///< of one that asks for nothing
  tool::RunBounds most = {};    ///< of one that asks
};

/// What `/v1/run` takes, under the names of the command line's options.
tool::Definition run_parameters(const RunRules& rules);

/// The same as JSON Schema.
nlohmann::ordered_json run_schema(const RunRules& rules);

/// A run as such parameters ask for it; whose tenant and observer the caller adds. kInvalidArgument
/// naming what does not fit.
Result<run::Request> run_order(nlohmann::json parameters, const RunRules& rules);

}  // namespace skerry::api
