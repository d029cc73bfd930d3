// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/run/message_decoder.h"
#include "skerry/run/runner.h"
#include "skerry/tool/runs.h"
#include "skerry/v1/skerry.pb.h"

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

/// Reads what `/v1/run` and `skerry.v1` take for a run, each under the names of the message.
class RunDecoder {
 public:
  explicit RunDecoder(const RunRules& rules);

  const RunRules& rules() const { return rules_; }

  /// As JSON Schema, of a run whose input comes whole.
  nlohmann::ordered_json schema() const;

  /// A run as the parameters ask for it; the caller adds principal and observer. Of live input it
  /// has an empty feed. kInvalidArgument naming what does not fit.
  Result<run::Request> decode(nlohmann::json parameters, InputForm input = InputForm::kWhole) const;
  Result<run::Request> decode(v1::RunRequest message, InputForm input = InputForm::kWhole) const;

 private:
  /// Of a message that is checked and has its defaults.
  Result<run::Request> order_of(v1::RunRequest message, InputForm input) const;

  RunRules rules_;
  run::MessageDecoder messages_;
};

}  // namespace skerry::api
