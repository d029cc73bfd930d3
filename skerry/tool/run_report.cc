// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_report.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace skerry::tool {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const sandbox::Limits& limits) {
  ordered_json json{{"memory_bytes", limits.memory.value},
                    {"wall_seconds", static_cast<double>(limits.wall.count()) / 1000},
                    {"output_bytes", limits.output.value},
                    {"fuel", nullptr},
                    {"files_bytes", limits.files.value},
                    {"open_files", limits.open_files},
                    {"table_elements", limits.table_elements}};
  if (limits.fuel) json["fuel"] = *limits.fuel;
  return json;
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

}  // namespace

ordered_json json_of(const sandbox::Usage& usage) {
  ordered_json json{
      {"wall_ms", milliseconds(usage.wall)},   {"cpu_ms", milliseconds(usage.cpu)},
      {"queue_ms", milliseconds(usage.queue)}, {"peak_memory_bytes", usage.peak_memory.value},
      {"dirty_pages", usage.dirty_pages},      {"fuel", nullptr}};
  if (usage.fuel) json["fuel"] = *usage.fuel;
  return json;
}

Verdict verdict_of(const Status& status) {
  switch (status.code()) {
    case StatusCode::kResourceExhausted:
      return Verdict::kBusy;
    case StatusCode::kUnavailable:
      return Verdict::kUnavailable;
    case StatusCode::kInvalidArgument:
      return Verdict::kInvalid;
    default:
      return Verdict::kBroken;
  }
}

RunFigures figures_of(const RunReport& report) {
  RunFigures figures{.outcome = report.outcome.kind, .usage = report.outcome.usage};
  if (report.session && report.session->saved != "no")
    figures.session_bytes = report.session->bytes;
  return figures;
}

Verdict verdict_of(const RunReport& report) {
  // The program may have done well, and yet what it left is lost.
  if (report.session && !report.session->failure.ok()) return Verdict::kBroken;
  switch (report.outcome.kind) {
    case sandbox::OutcomeKind::kCompleted:
      return Verdict::kOk;
    case sandbox::OutcomeKind::kDeadline:
      return Verdict::kTimeout;
    case sandbox::OutcomeKind::kCancelled:
      return Verdict::kCancelled;
    default:
      return Verdict::kFailed;
  }
}

std::string cut_marker(const sandbox::Limits& limits) {
  return fmt::format("\n[output cut at {} bytes; allow more with {}]\n", limits.output.value,
                     sandbox::kOutputLimit.option(limits.words));
}

ordered_json json_of(const sandbox::Exception& exception) {
  ordered_json frames = ordered_json::array();
  for (const sandbox::Frame& frame : exception.frames) {
    frames.push_back({{"file", frame.file},
                      {"line", frame.line},
                      {"function", frame.function},
                      {"source", frame.source}});
  }
  return {{"type", exception.type}, {"message", exception.message}, {"frames", std::move(frames)}};
}

ordered_json json_of(const run::SessionReport& session) {
  return {{"name", session.name},   {"revision", session.revision}, {"saved", session.saved},
          {"bytes", session.bytes}, {"message", session.message},   {"notice", session.notice}};
}

ordered_json json_of(RunReport report) {
  const sandbox::Outcome& outcome = report.outcome;
  ordered_json json{{"outcome", sandbox::name_of(outcome.kind)},
                    {"exit_code", outcome.exit_code},
                    {"message", outcome.message},
                    {"stdout", ""},
                    {"stderr", ""},
                    {"truncated", ordered_json::array()},
                    {"result", nullptr},
                    {"exception", nullptr},
                    {"limit", nullptr},
                    {"session", nullptr},
                    {"usage", json_of(outcome.usage)},
                    {"limits", json_of(report.limits)}};
  if (report.standard_output.was_cut) json["truncated"].push_back("stdout");
  if (report.standard_error.was_cut) json["truncated"].push_back("stderr");
  if (outcome.result) json["result"] = *outcome.result;
  if (outcome.exception) json["exception"] = json_of(*outcome.exception);
  if (outcome.limit) {
    json["limit"] = {{"name", outcome.limit->limit},
                     {"value", outcome.limit->value},
                     {"unit", outcome.limit->unit},
                     {"option", outcome.limit->option}};
  }
  if (report.session) json["session"] = json_of(*report.session);
  // Last: an ordered object copies its members when it grows, and these may be large.
  json["stdout"] = std::move(report.standard_output.text);
  json["stderr"] = std::move(report.standard_error.text);
  return json;
}

}  // namespace skerry::tool
