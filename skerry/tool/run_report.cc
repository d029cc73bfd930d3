// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_report.h"

#include <string_view>
#include <utility>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "skerry/files/media_type.h"
#include "skerry/run/message_json.h"

namespace skerry::tool {
namespace {

using nlohmann::ordered_json;

v1::Outcome::Limits proto_of(const sandbox::Limits& limits) {
  v1::Outcome::Limits message;
  message.set_memory_bytes(limits.memory.value);
  message.set_wall_seconds(static_cast<double>(limits.wall.count()) / 1000);
  message.set_output_bytes(limits.output.value);
  if (limits.fuel) message.set_fuel(*limits.fuel);
  message.set_files_bytes(limits.files.value);
  message.set_open_files(limits.open_files);
  message.set_table_elements(limits.table_elements);
  return message;
}

/// Frames and notes of an exception or a cause.
void put_parts(const auto& from, auto& message) {
  for (const sandbox::Frame& frame : from.frames) {
    auto& added = *message.add_frames();
    added.set_file(frame.file);
    added.set_line(frame.line);
    added.set_function(frame.function);
    added.set_source(frame.source);
  }
  for (const std::string& note : from.notes) message.add_notes(note);
}

void put_file(const ReportedFile& file, v1::Outcome::File& message) {
  using Change = ReportedFile::Change;
  message.set_path(file.path);
  message.set_change(file.change == Change::kCreated    ? "created"
                     : file.change == Change::kModified ? "modified"
                                                        : "deleted");
  message.set_size(file.size);
  message.set_message(file.message);
  if (file.change == Change::kDeleted) return;
  message.set_type(std::string(files::media_type_of(file.path)));
  if (!file.sha256.empty()) message.set_sha256(file.sha256);
  if (!file.id.empty()) message.set_id(file.id);
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

}  // namespace

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

v1::Outcome proto_of(const RunReport& report) {
  const sandbox::Outcome& outcome = report.outcome;
  v1::Outcome message;
  message.set_outcome(std::string(sandbox::name_of(outcome.kind)));
  message.set_exit_code(outcome.exit_code);
  message.set_message(outcome.message);
  if (outcome.exception) {
    auto& exception = *message.mutable_exception();
    exception.set_type(outcome.exception->type);
    exception.set_message(outcome.exception->message);
    exception.set_hint(outcome.exception->hint);
    put_parts(*outcome.exception, exception);
    for (const sandbox::Cause& cause : outcome.exception->causes) {
      auto& added = *exception.add_causes();
      added.set_relation(cause.is_context ? "context" : "cause");
      added.set_type(cause.type);
      added.set_message(cause.message);
      put_parts(cause, added);
    }
  }
  if (outcome.limit) {
    message.mutable_limit()->set_name(outcome.limit->limit);
    message.mutable_limit()->set_value(outcome.limit->value);
    message.mutable_limit()->set_unit(outcome.limit->unit);
    message.mutable_limit()->set_option(outcome.limit->option);
  }
  if (report.standard_output.was_cut) message.add_truncated("stdout");
  if (report.standard_error.was_cut) message.add_truncated("stderr");
  if (report.session) {
    auto& session = *message.mutable_session();
    session.set_name(report.session->name);
    session.set_revision(report.session->revision);
    session.set_saved(report.session->saved);
    session.set_message(report.session->message);
    session.set_notice(report.session->notice);
    session.set_bytes(report.session->bytes);
  }
  auto& usage = *message.mutable_usage();
  usage.set_wall_ms(milliseconds(outcome.usage.wall));
  usage.set_cpu_ms(milliseconds(outcome.usage.cpu));
  usage.set_queue_ms(milliseconds(outcome.usage.queue));
  usage.set_peak_memory_bytes(outcome.usage.peak_memory.value);
  usage.set_dirty_pages(outcome.usage.dirty_pages);
  if (outcome.usage.fuel) usage.set_fuel(*outcome.usage.fuel);
  *message.mutable_limits() = proto_of(report.limits);
  for (const ReportedFile& file : report.files) put_file(file, *message.add_files());
  message.set_files_truncated(report.has_more_files);
  return message;
}

v1::Display proto_of(sandbox::Display display) {
  using Kind = sandbox::Display::Part::Kind;
  v1::Display message;
  for (auto& part : display.parts) {
    auto& added = *message.add_parts();
    added.set_type(std::move(part.type));
    auto& content = part.kind == Kind::kText     ? *added.mutable_text()
                    : part.kind == Kind::kBinary ? *added.mutable_binary()
                                                 : *added.mutable_json();
    content = std::move(part.content);
  }
  message.set_metadata(std::move(display.metadata));
  message.set_chart(std::move(display.chart));
  message.set_is_result(display.is_result);
  return message;
}

ordered_json json_of(const sandbox::Display& display) {
  using Kind = sandbox::Display::Part::Kind;
  // Checked when it came: it parses.
  const auto parsed = [](const std::string& text) {
    return text.empty() ? ordered_json::object() : ordered_json::parse(text, nullptr, false);
  };
  ordered_json data = ordered_json::object();
  for (const auto& part : display.parts) {
    switch (part.kind) {
      case Kind::kText:
        data[part.type] = part.content;
        break;
      case Kind::kBinary:
        data[part.type] = absl::Base64Escape(part.content);
        break;
      case Kind::kJson:
        data[part.type] = parsed(part.content);
        break;
    }
  }
  ordered_json json{{"data", std::move(data)},
                    {"metadata", parsed(display.metadata)},
                    {"is_result", display.is_result}};
  if (!display.chart.empty()) json["chart"] = parsed(display.chart);
  return json;
}

ordered_json display_schema() {
  return {{"type", "object"},
          {"properties",
           {{"data", {{"type", "object"}, {"description", "By MIME type; binary as base64"}}},
            {"metadata", {{"type", "object"}}},
            {"is_result",
             {{"type", "boolean"}, {"description", "Whether it is the last expression's value"}}},
            {"chart", {{"type", "object"}, {"description", "What a figure shows, as data"}}}}},
          {"required", {"data", "metadata", "is_result"}}};
}

ordered_json json_of(RunReport report) {
  const ordered_json fields = run::document_of(proto_of(report));
  // What people read first comes first.
  ordered_json json;
  for (const char* name :
       {"outcome", "exit_code", "message", "stdout", "stderr", "truncated", "result", "results"}) {
    json[name] = fields.value(name, ordered_json());
  }
  for (const auto& [name, value] : fields.items()) {
    if (!json.contains(name)) json[name] = value;
  }
  // Last: an ordered object copies its members when it grows, and these may be large.
  ordered_json results = ordered_json::array();
  for (const auto& display : report.displays) results.push_back(json_of(display));
  json["results"] = std::move(results);
  if (report.outcome.result) json["result"] = *std::move(report.outcome.result);
  json["stdout"] = std::move(report.standard_output.text);
  json["stderr"] = std::move(report.standard_error.text);
  return json;
}

}  // namespace skerry::tool
