// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

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
  /// Names of what they may start from, and of them that of runs which name none.
  std::vector<std::string> templates = {};
  std::string default_template = {};
};

/// How a run's standard input comes: whole, with its parameters, or also while it lasts.
enum class InputForm { kWhole, kLive };

/// Reads what `/v1/run` takes, under the names of the command line's options.
class RunDecoder {
 public:
  explicit RunDecoder(const RunRules& rules);

  const RunRules& rules() const { return rules_; }

  /// As JSON Schema.
  nlohmann::ordered_json schema() const;

  /// A run as the parameters ask for it; the caller adds principal and observer. Of live input it
  /// has an empty feed. kInvalidArgument naming what does not fit.
  Result<run::Request> decode(nlohmann::json parameters, InputForm input = InputForm::kWhole) const;

 private:
  RunRules rules_;
  tool::Definition parameters_;
  tool::Definition live_parameters_;
};

}  // namespace skerry::api
