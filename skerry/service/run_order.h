// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/broker/runner.h"
#include "skerry/tool/definition.h"

namespace skerry::service {

/// What runs may have, as the operator says: what one has that asks for nothing, and the most that
/// any may ask for. A bound below what runs have anyway is as high as that. A value.
struct RunRules {
  sandbox::Limits limits = {};
  ByteSize most_memory = mib(1024);
  std::chrono::seconds most_wall{600};
  ByteSize most_output = mib(64);  ///< held in memory until the run is told
};

/// What `/v1/run` takes, under the names of the command line's options.
tool::Definition run_parameters(const RunRules& rules);

/// The same as JSON Schema.
nlohmann::ordered_json run_schema(const RunRules& rules);

/// A run as such parameters ask for it; whose tenant and observer the caller adds. kInvalidArgument
/// naming what does not fit.
Result<broker::Runner::Order> run_order(const nlohmann::json& parameters, const RunRules& rules);

}  // namespace skerry::service
