// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/session_turns.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "skerry/base/time_text.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/task_document.h"

namespace skerry::shannon {
namespace {

using http::count_schema;
using http::list_schema;
using http::object_of;
using http::object_schema;
using http::text_schema;
using nlohmann::ordered_json;
using task::Task;

std::int64_t tokens_of(const Task& task) {
  return task.model.value("input_tokens", std::int64_t{0}) +
         task.model.value("output_tokens", std::int64_t{0});
}

/// Where no model was asked, nothing; also where the price is not known, as clients take no null.
double dollars_of(const Task& task) {
  const auto cost = task.model.find("cost_usd");
  return cost != task.model.end() && cost->is_number() ? cost->get<double>() : 0;
}

std::int64_t began(const Task& task) {
  return task.started_unix_ns == 0 ? task.created_unix_ns : task.started_unix_ns;
}

ordered_json history_item(const Task& task) {
  ordered_json told{{"task_id", task.id},
                    {"workflow_id", task.id},
                    {"query", task.submission.query},
                    {"status", short_name_of(task.state)}};
  if (!task.submission.mode.empty()) told["mode"] = task.submission.mode;
  if (!task.result.empty()) told["result"] = task.result;
  if (!task.error.empty()) told["error_message"] = task.error;
  told["total_tokens"] = tokens_of(task);
  told["total_cost_usd"] = dollars_of(task);
  if (task.started_unix_ns != 0 && task.finished_unix_ns != 0) {
    told["duration_ms"] = (task.finished_unix_ns - task.started_unix_ns) / 1'000'000;
  }
  told["agents_used"] = task.started_unix_ns == 0 ? 0 : 1;
  told["tools_invoked"] = task.executions.size();
  told["started_at"] = utc_time(began(task));
  if (task.finished_unix_ns != 0) told["completed_at"] = utc_time(task.finished_unix_ns);
  told["metadata"] = {{"attempts", task.attempts}, {"model", task.model}};
  return told;
}

ordered_json turn_json(const task::Turn& turn, std::int64_t number, const TurnsView& view) {
  const Task& task = turn.task;
  std::set<std::string> agents;
  ordered_json events = ordered_json::array();
  for (const task::Event& each : turn.events) {
    agents.insert(each.agent);
    ordered_json event = event_json(task.id, each);
    if (!view.has_payloads) event.erase("payload");
    events.push_back(std::move(event));
  }
  std::int64_t took = 0;
  if (task.started_unix_ns != 0) {
    const bool is_over = task.finished_unix_ns != 0;
    took = (is_over ? task.finished_unix_ns : view.now_unix_ns) - task.started_unix_ns;
  }
  return {{"turn", number},
          {"task_id", task.id},
          {"user_query", task.submission.query},
          {"final_output", task.result},
          {"timestamp", utc_time(began(task))},
          {"events", std::move(events)},
          {"metadata",
           {{"tokens_used", tokens_of(task)},
            {"execution_time_ms", std::max<std::int64_t>(took, 0) / 1'000'000},
            {"agents_involved", agents}}}};
}

}  // namespace

ordered_json session_history_json(std::string_view session, const task::Turns& turns) {
  ordered_json tasks = ordered_json::array();
  for (const task::Turn& each : turns.turns) tasks.push_back(history_item(each.task));
  return {{"session_id", session}, {"tasks", std::move(tasks)}, {"total", turns.total}};
}

ordered_json session_history_schema() {
  ordered_json task = object_of({{"task_id", text_schema()},
                                 {"workflow_id", text_schema()},
                                 {"query", text_schema()},
                                 {"status", text_schema()},
                                 {"mode", text_schema()},
                                 {"result", text_schema()},
                                 {"error_message", text_schema()},
                                 {"total_tokens", count_schema()},
                                 {"total_cost_usd", {{"type", "number"}}},
                                 {"duration_ms", http::integer_schema()},
                                 {"agents_used", count_schema()},
                                 {"tools_invoked", count_schema()},
                                 {"started_at", text_schema()},
                                 {"completed_at", text_schema()},
                                 {"metadata", object_schema()}},
                                {"task_id", "workflow_id", "query", "status", "total_tokens",
                                 "total_cost_usd", "agents_used", "tools_invoked", "started_at"});
  return object_of({{"session_id", text_schema()},
                    {"tasks", list_schema(std::move(task))},
                    {"total", count_schema()}},
                   {"session_id", "tasks", "total"});
}

ordered_json session_turns_json(std::string_view session, const task::Turns& turns,
                                const TurnsView& view) {
  ordered_json told = ordered_json::array();
  std::int64_t number = view.first;
  for (const task::Turn& each : turns.turns) told.push_back(turn_json(each, number++, view));
  return {{"session_id", session}, {"count", turns.total}, {"turns", std::move(told)}};
}

ordered_json session_turns_schema() {
  ordered_json metadata = object_of({{"tokens_used", count_schema()},
                                     {"execution_time_ms", count_schema()},
                                     {"agents_involved", list_schema(text_schema())}},
                                    {"tokens_used", "execution_time_ms", "agents_involved"});
  ordered_json turn = object_of(
      {{"turn", count_schema()},
       {"task_id", text_schema()},
       {"user_query", text_schema()},
       {"final_output", text_schema()},
       {"timestamp", text_schema()},
       {"events", list_schema(event_schema())},
       {"metadata", std::move(metadata)}},
      {"turn", "task_id", "user_query", "final_output", "timestamp", "events", "metadata"});
  return object_of({{"session_id", text_schema()},
                    {"count", count_schema()},
                    {"turns", list_schema(std::move(turn))}},
                   {"session_id", "count", "turns"});
}

}  // namespace skerry::shannon
