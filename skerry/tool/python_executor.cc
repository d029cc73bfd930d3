// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/python_executor.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/utf8.h"
#include "skerry/runtime/python.h"
#include "skerry/tool/run_output.h"
#include "skerry/tool/run_report.h"

namespace skerry::tool {
namespace {

using sandbox::OutcomeKind;

constexpr int kMostSeconds = 60;
// Whole before the run begins, and copied to the worker.
constexpr std::size_t kLongestText = std::size_t{32} << 20;

Definition define(const sandbox::Limits& limits) {
  const auto seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.wall).count(), 1, kMostSeconds);
  return {
      .name = PythonExecutor::kName,
      .version = "2.0.0",
      .description =
          "Runs Python 3 in a sandbox without network or files of the host. Print what you want to "
          "see. numpy, pandas, matplotlib, scipy, scikit-learn, sympy and sqlite3 are there. With "
          "a "
          "session_id variables, imports and files stay for the next call.",
      .category = "code",
      .parameters =
          {{.name = "code", .description = "The program", .is_required = true},
           {.name = "session_id",
            .description = "Goes on where this session's last run ended, and keeps what this one "
                           "leaves; letters, digits, and - _ . : up to 128 characters"},
           {.name = "timeout_seconds",
            .type = Parameter::Type::kInteger,
            .description = "Seconds until the run is ended; more than 60 count as 60",
            .default_value = seconds,
            .minimum = 1,
            .maximum = kMostSeconds,
            .is_capped = true},
           {.name = "stdin", .description = "Standard input, whole", .default_value = ""}},
      .tags = {"python", "code", "numpy", "pandas"},
      .is_session_aware = true,
      .timeout = std::chrono::seconds(kMostSeconds),
      .memory_mb = static_cast<int>(limits.memory.value >> 20),
      .cost_usd = 0.001,
      .examples = {{{"code", "print(sum(range(100)))"}}}};
}

std::string interpreter() { return fmt::format("CPython {} (WASI)", runtime::kPythonVersion); }

/// Why a run did not succeed, as clients of the reference read it, with what the program said.
std::string error_of(const RunReport& report) {
  const sandbox::Outcome& outcome = report.outcome;
  if (outcome.kind == OutcomeKind::kDeadline) {
    return fmt::format("Execution timeout after {:g} seconds",
                       std::chrono::duration<double>(report.limits.wall).count());
  }
  if (outcome.kind == OutcomeKind::kCancelled) return "Execution cancelled";
  std::string error = "Execution failed: " + to_utf8(outcome.message);
  const std::string& said = report.standard_error.text;
  if (!said.empty()) error += "\n" + said;
  return error;
}

nlohmann::json metadata_of(const RunReport& report) {
  nlohmann::json metadata(json_of(report));
  metadata.erase("stdout");  // it is the output
  metadata["interpreter"] = interpreter();
  metadata["execution_time_ms"] =
      std::chrono::duration<double, std::milli>(report.outcome.usage.wall).count();
  if (report.outcome.kind == OutcomeKind::kDeadline) metadata["timeout"] = true;
  if (report.session) {
    metadata["session_id"] = report.session->name;
    metadata["execution_count"] = report.session->revision;
  }
  return metadata;
}

ToolResult result_of(RunReport report) {
  ToolResult result;
  result.verdict = verdict_of(report);
  if (report.outcome.kind != OutcomeKind::kCompleted) result.error = error_of(report);
  result.metadata = metadata_of(report);
  result.output = std::move(report.standard_output.text);
  // The program did well, and yet what it left is lost.
  if (report.session && !report.session->failure.ok()) {
    result.error = report.session->message;
  }
  return result;
}

}  // namespace

PythonExecutor::PythonExecutor(broker::Runner& runner, sandbox::Limits limits)
    : runner_(runner), limits_(limits), definition_(define(limits)) {}

boost::asio::awaitable<ToolResult> PythonExecutor::call(Arguments arguments, Caller caller,
                                                        OutputSeen seen) {
  if (arguments.text("code").empty()) {
    co_return failed(Verdict::kInvalid, "No code provided to execute");
  }
  for (const char* name : {"code", "stdin"}) {
    if (arguments.text(name).size() <= kLongestText) continue;
    co_return failed(Verdict::kInvalid,
                     fmt::format("Parameter '{}' is longer than {} bytes", name, kLongestText));
  }
  broker::Runner::Order order;
  order.tenant = caller.tenant;
  const std::string session = arguments.has("session_id") ? arguments.text("session_id") : "";
  if (!session.empty() || !caller.session.empty()) {
    auto name = session::SessionName::parse(session.empty() ? caller.session : session);
    if (!name.ok()) co_return failed(Verdict::kInvalid, std::string(message_of(name.status())));
    order.session = *std::move(name);
  }
  order.request.program.code = arguments.text("code");
  order.request.program.last_value = runtime::PythonProgram::LastValue::kReturned;
  order.request.input = arguments.text("stdin");
  order.request.limits = limits_;
  order.request.limits.wall = std::chrono::seconds(arguments.integer("timeout_seconds"));
  auto report = co_await reported_run(runner_, std::move(order), std::move(seen));
  if (!report.ok()) {
    co_return failed(verdict_of(report.status()), std::string(message_of(report.status())));
  }
  co_return result_of(*std::move(report));
}

}  // namespace skerry::tool
