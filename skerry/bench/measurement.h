// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/runtime/installation.h"

namespace skerry::bench {

/// Where a measurement was made.
struct Machine {
  std::string cpu;
  int cores = 0;
  std::string kernel;
};

/// One program under the machine's own Python and in the sandbox, medians.
struct ProgramRatio {
  std::string program;
  double native_ms = 0;
  double sandbox_ms = 0;
  double ratio = 0;
};

/// What a bench found. Percentiles are of wall time per run.
struct Measurement {
  std::string bench;
  std::string what;
  std::size_t samples = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double per_second = 0;
  std::optional<double> ratio;  ///< where something is compared
  std::vector<std::pair<std::string, double>> extra;
  std::vector<ProgramRatio> programs;
  Machine machine;
  std::string engine;
  std::string interpreter;  ///< in the sandbox
};

/// The benches by name, each with what it measures.
const std::vector<std::pair<std::string, std::string>>& bench_list();
std::vector<std::string> bench_names();

/// Runs one bench, in processes of its own, on a template that is set up. Takes up to a minute.
Result<Measurement> measure(std::string_view bench, const runtime::Installation& installation,
                            std::string_view template_name);

/// The bench that the service's program runs, not `measure`.
inline constexpr const char* kServiceBench = "service";

/// Says of a measurement what was measured, and where.
void describe(std::string_view bench, Measurement& m);

}  // namespace skerry::bench
