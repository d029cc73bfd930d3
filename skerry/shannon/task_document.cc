// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_document.h"

#include <set>
#include <utility>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/time_text.h"
#include "skerry/http/json_schema.h"
#include "skerry/http/message.h"
#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using http::boolean_schema;
using http::integer_schema;
using http::nullable;
using http::object_of;
using http::object_schema;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using task::Event;
using task::Task;

// A larger result is in the document once, as text.
constexpr std::size_t kMaxResponse = std::size_t{1} << 20;

ordered_json time_or_null(std::int64_t unix_ns) {
  return unix_ns == 0 ? ordered_json(nullptr) : ordered_json(utc_time(unix_ns));
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

/// A result that is JSON, as such; null when it is none. Guests print it, so this may take a
/// hundred milliseconds and is not for the event loop.
ordered_json response_in(const std::string& result) {
  if (result.empty() || result.size() > kMaxResponse) return nullptr;
  auto parsed = parse_json(result, "the result");
  return parsed.ok() ? ordered_json(*std::move(parsed)) : nullptr;
}

ordered_json usage_json(const Task& task) {
  const json& model = task.model;
  const std::int64_t input = model.value("input_tokens", std::int64_t{0});
  const std::int64_t output = model.value("output_tokens", std::int64_t{0});
  // Without a model nothing was spent; with one whose price is not known, nobody knows.
  const json cost = model.value("cost_usd", model.empty() ? json(0) : json(nullptr));
  return {{"total_tokens", input + output},
          {"input_tokens", input},
          {"output_tokens", output},
          {"estimated_cost", cost}};
}

ordered_json metadata_json(const Task& task) {
  std::set<std::string> used;
  for (const json& each : task.executions) {
    if (each.is_object() && each.contains("tool")) used.insert(each["tool"].dump());
  }
  ordered_json tools = ordered_json::array();
  for (const std::string& each : used) tools.push_back(ordered_json::parse(each, nullptr, false));
  return {{"tools_used", std::move(tools)},
          {"tool_executions", task.executions},
          {"model", task.model},
          {"attempts", task.attempts},
          {"retry_on_restart", task.submission.retry_on_restart}};
}

double run_milliseconds(const Task& task) {
  if (task.started_unix_ns == 0 || task.finished_unix_ns == 0) return 0;
  return static_cast<double>(task.finished_unix_ns - task.started_unix_ns) / 1e6;
}

ordered_json typed(const char* type) { return {{"type", type}}; }

}  // namespace

std::string_view short_name_of(task::State state) {
  return task::name_of(state).substr(std::string_view("TASK_STATUS_").size());
}

ordered_json status_names() {
  ordered_json names = ordered_json::array();
  for (int i = 1; i <= 7; ++i) names.push_back(task::name_of(static_cast<task::State>(i)));
  return {{"type", "string"}, {"enum", std::move(names)}};
}

ordered_json status_json(const Task& task) {
  ordered_json metadata = metadata_json(task);
  ordered_json unified{{"task_id", task.id},
                       {"session_id", task.submission.session},
                       {"status", task::name_of(task.state)},
                       {"result", task.result},
                       {"metadata", {{"tools_used", metadata["tools_used"]}}},
                       {"usage", usage_json(task)},
                       {"performance", {{"execution_time_ms", run_milliseconds(task)}}},
                       {"error", text_or_null(task.error)},
                       {"timestamp", utc_time(task.finished_unix_ns == 0 ? task.updated_unix_ns
                                                                         : task.finished_unix_ns)}};
  return {{"task_id", task.id},
          {"workflow_id", task.id},
          {"status", task::name_of(task.state)},
          {"progress", task.progress},
          {"result", task.result},
          {"response", response_in(task.result)},
          {"error", text_or_null(task.error)},
          {"created_at", utc_time(task.created_unix_ns)},
          {"started_at", time_or_null(task.started_unix_ns)},
          {"updated_at", utc_time(task.updated_unix_ns)},
          {"completed_at", time_or_null(task.finished_unix_ns)},
          {"query", task.submission.query},
          {"session_id", task.submission.session},
          {"mode", task.submission.mode},
          {"context", task.submission.context},
          {"model_used", task.model.value("model_used", "")},
          {"provider", task.model.value("provider", "")},
          {"usage", usage_json(task)},
          {"metadata", std::move(metadata)},
          {"unified_response", std::move(unified)}};
}

ordered_json status_schema() {
  return object_of({{"task_id", text_schema()},
                    {"workflow_id", text_schema()},
                    {"status", status_names()},
                    {"progress", typed("number")},
                    {"result", text_schema()},
                    {"response", ordered_json::object()},
                    {"error", nullable(text_schema())},
                    {"created_at", text_schema()},
                    {"started_at", nullable(text_schema())},
                    {"updated_at", text_schema()},
                    {"completed_at", nullable(text_schema())},
                    {"query", text_schema()},
                    {"session_id", text_schema()},
                    {"mode", text_schema()},
                    {"context", object_schema()},
                    {"model_used", text_schema()},
                    {"provider", text_schema()},
                    {"usage", object_schema()},
                    {"metadata", object_schema()},
                    {"unified_response", object_schema()}},
                   {"task_id", "workflow_id", "status", "result", "created_at", "updated_at"});
}

ordered_json summary_json(const Task& task) {
  return {{"task_id", task.id},
          {"query", task.submission.query},
          {"status", task::name_of(task.state)},
          {"mode", task.submission.mode},
          {"session_id", task.submission.session},
          {"created_at", utc_time(task.created_unix_ns)},
          {"completed_at", time_or_null(task.finished_unix_ns)},
          {"total_token_usage", {{"total_tokens", 0}, {"cost_usd", 0}}}};
}

ordered_json summary_schema() {
  return object_of({{"task_id", text_schema()},
                    {"query", text_schema()},
                    {"status", status_names()},
                    {"mode", text_schema()},
                    {"session_id", text_schema()},
                    {"created_at", text_schema()},
                    {"completed_at", nullable(text_schema())},
                    {"total_token_usage", object_schema()}},
                   {"task_id", "query", "status", "created_at"});
}

ordered_json control_json(const Task& task) {
  const bool is_cancelled = task.cancel.at_unix_ns != 0 &&
                            (!task::is_final(task.state) || task.state == task::State::kCancelled);
  return {{"task_id", task.id},
          {"status", task::name_of(task.state)},
          {"is_paused", task.state == task::State::kPaused},
          {"is_pausing", task.is_pausing},
          {"is_cancelled", is_cancelled},
          {"paused_at", utc_time(task.pause.at_unix_ns)},
          {"pause_reason", task.pause.reason},
          {"paused_by", task.pause.by},
          {"cancel_reason", task.cancel.reason},
          {"cancelled_by", task.cancel.by}};
}

ordered_json control_schema() {
  return object_of({{"task_id", text_schema()},
                    {"status", status_names()},
                    {"is_paused", boolean_schema()},
                    {"is_pausing", boolean_schema()},
                    {"is_cancelled", boolean_schema()},
                    {"paused_at", text_schema()},
                    {"pause_reason", text_schema()},
                    {"paused_by", text_schema()},
                    {"cancel_reason", text_schema()},
                    {"cancelled_by", text_schema()}},
                   {"task_id", "status", "is_paused", "is_cancelled"});
}

ordered_json event_json(std::string_view workflow, const Event& event) {
  return {{"workflow_id", workflow},  {"type", event.type},
          {"agent_id", event.agent},  {"message", event.message},
          {"payload", event.payload}, {"timestamp", utc_time(event.at_unix_ns)},
          {"seq", event.seq},         {"stream_id", std::to_string(event.seq)}};
}

ordered_json event_schema() {
  return object_of({{"workflow_id", text_schema()},
                    {"type", text_schema()},
                    {"agent_id", text_schema()},
                    {"message", text_schema()},
                    {"payload", {{"type", {"object", "null"}}}},
                    {"timestamp", text_schema()},
                    {"seq", integer_schema()},
                    {"stream_id", text_schema()}},
                   {"workflow_id", "type", "message", "timestamp", "seq", "stream_id"});
}

NamedEvent stream_event(std::string_view workflow, const Event& event) {
  if (event.type == task::kStreamEnd) return {.name = "done", .data = "[DONE]"};
  ordered_json data = event_json(workflow, event);
  std::string name = event.type;
  if (event.type == task::kModelPartial) {
    name = "thread.message.delta";
    data = {{"delta", event.message},
            {"workflow_id", workflow},
            {"agent_id", event.agent},
            {"seq", event.seq},
            {"stream_id", std::to_string(event.seq)}};
  } else if (event.type == task::kModelOutput) {
    name = "thread.message.completed";
    data = {{"response", event.message},
            {"workflow_id", workflow},
            {"agent_id", event.agent},
            {"seq", event.seq},
            {"stream_id", std::to_string(event.seq)},
            {"metadata", event.payload.is_null() ? json::object() : event.payload}};
  } else if (event.type == task::kErrorOccurred) {
    name = "error";
  } else if (event.type == task::kWorkflowPausing || event.type == task::kWorkflowPaused ||
             event.type == task::kWorkflowResumed || event.type == task::kWorkflowCancelling ||
             event.type == task::kWorkflowCancelled) {
    name.clear();
    for (const char c : event.type) {
      name += c == '_' ? '.' : static_cast<char>(c - 'A' + 'a');
    }
  }
  return {.name = std::move(name), .data = dump_json(data)};
}

}  // namespace skerry::shannon
