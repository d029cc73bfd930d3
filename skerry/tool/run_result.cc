// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_result.h"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/retry_after.h"
#include "skerry/base/utf8.h"

namespace skerry::tool {
namespace {

using sandbox::OutcomeKind;

/// Why a run did not succeed, as clients of the reference read it, with what the program said.
std::string error_of(const RunReport& report, std::string_view failure) {
  const sandbox::Outcome& outcome = report.outcome;
  if (outcome.kind == OutcomeKind::kDeadline) {
    return fmt::format("Execution timeout after {:g} seconds",
                       std::chrono::duration<double>(report.limits.wall).count());
  }
  if (outcome.kind == OutcomeKind::kCancelled) return "Execution cancelled";
  std::string error = std::string(failure) + to_utf8(outcome.message);
  const std::string& said = report.standard_error.text;
  if (!said.empty()) error += "\n" + said;
  return error;
}

nlohmann::json metadata_of(const RunReport& report) {
  nlohmann::json metadata(json_of(report));
  metadata.erase("stdout");  // it was the output
  metadata["execution_time_ms"] =
      std::chrono::duration<double, std::milli>(report.outcome.usage.wall).count();
  if (report.outcome.kind == OutcomeKind::kDeadline) metadata["timeout"] = true;
  if (report.session) {
    metadata["session_id"] = report.session->name;
    metadata["execution_count"] = report.session->revision;
  }
  return metadata;
}

}  // namespace

ToolResult result_of(RunReport report, std::string_view failure) {
  ToolResult result;
  result.verdict = verdict_of(report);
  result.run = figures_of(report);
  if (report.outcome.kind != OutcomeKind::kCompleted) result.error = error_of(report, failure);
  result.output = std::move(report.standard_output.text);
  result.metadata = metadata_of(report);
  // The program did well, and yet what it left is lost.
  if (report.session && !report.session->failure.ok()) {
    result.error = report.session->message;
  }
  return result;
}

ToolResult result_of(const Status& why) {
  ToolResult result = failed(verdict_of(why), std::string(message_of(why)));
  result.retry_after = retry_after(why).value_or(std::chrono::milliseconds(0));
  return result;
}

}  // namespace skerry::tool
