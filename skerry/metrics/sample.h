// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::metrics {

/// How many were at most so long, by upper end in seconds: a histogram as Prometheus has it.
using Buckets = std::map<double, double>;

/// What a service has counted at one moment, as `skerry top` needs it. A value; what the service
/// said is untrusted, so numbers are finite and not negative here.
struct Sample {
  std::chrono::system_clock::time_point time = {};
  double started = 0;  ///< seconds since 1970
  double memory = 0;   ///< bytes
  double waiting = 0;
  double kept_sessions = 0;
  std::map<std::string, double> workers = {};   ///< by state
  std::map<std::string, double> events = {};    ///< of workers
  std::map<std::string, double> calls = {};     ///< by how they ended
  std::map<std::string, double> outcomes = {};  ///< of runs
  std::map<std::string, double> refused = {};   ///< by reason
  std::map<std::string, double> tenants = {};   ///< calls
  Buckets total = {};
  Buckets queue = {};
  Buckets run = {};
  Buckets lag = {};  ///< of the event loop

  /// Reads what `Metrics::status` made. kNotFound when it is not that.
  static Result<Sample> of(const nlohmann::json& status,
                           std::chrono::system_clock::time_point time);
};

/// Which time `share` of them took at most, from what came between two looks; none without any.
std::optional<double> quantile(const Buckets& before, const Buckets& now, double share);

/// What happened between two looks, as `--json` has it. A service that was started anew between
/// them is told from its start.
nlohmann::ordered_json document_of(const Sample& before, const Sample& now, const std::string& url);

}  // namespace skerry::metrics
