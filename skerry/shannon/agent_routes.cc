// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/agent_routes.h"

#include <set>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "skerry/agent/query_fields.h"
#include "skerry/api/output_relay.h"
#include "skerry/base/formats/json_fields.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/tool_answer.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using http::boolean_schema;
using http::error_response;
using http::EventStream;
using http::integer_schema;
using http::json_response;
using http::nullable;
using http::object_of;
using http::object_schema;
using http::Router;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json query_schema() {
  const ordered_json names{{"type", {"array", "null"}}, {"items", text_schema()}};
  return object_of(
      {{"query", {{"type", "string"}, {"minLength", 1}}},
       {"context", {{"type", {"object", "null"}}}},
       {"agent_id", {{"type", {"string", "null"}}}},
       {"mode",
        {{"type", {"string", "null"}},
         {"enum", {"simple", "standard", "complex", "supervisor", nullptr}}}},
       {"allowed_tools", names},
       {"tools", names},
       {"forced_tool_calls",
        {{"type", {"array", "null"}},
         {"items", object_of({{"tool", {{"type", "string"}, {"minLength", 1}}},
                              {"parameters", nullable(object_schema())}},
                             {"tool"})}}},
       {"model_tier",
        {{"type", {"string", "null"}}, {"enum", {"small", "medium", "large", nullptr}}}},
       {"model_override",
        {{"type", {"string", "null"}}, {"pattern", "^[!-~]*$"}, {"maxLength", 128}}},
       {"temperature", {{"type", {"number", "null"}}, {"minimum", 0}, {"maximum", 2}}},
       {"max_tokens", {{"type", {"integer", "null"}}, {"minimum", 1}, {"maximum", 1'000'000}}},
       {"stream", {{"type", {"boolean", "null"}}}},
       {"session_id", {{"type", {"string", "null"}}}}},
      {"query"});
}

ordered_json answer_schema() {
  return object_of({{"success", boolean_schema()},
                    {"response", text_schema()},
                    {"tokens_used", integer_schema()},
                    {"model_used", text_schema()},
                    {"provider", text_schema()},
                    {"finish_reason", text_schema()},
                    {"metadata", object_schema()}},
                   {"success", "response", "tokens_used", "model_used", "provider", "finish_reason",
                    "metadata"});
}

// ------------------------------------------------------------------------------------- requests

/// Moves the parameters of calls out of `body`.
Result<agent::Request> request_of(json& body, access::Principal caller) {
  agent::Request request{.query = text_at(body, "query"), .caller = std::move(caller)};
  if (request.query.empty()) {
    return absl::InvalidArgumentError("query is missing, or is no text");
  }
  SKERRY_ASSIGN(request.caller.session, text_field(body, "session_id"));
  if (const json* context = field(body, "context")) {
    if (!context->is_object()) return must_be("context", "an object");
    if (request.caller.session.empty()) request.caller.session = text_at(*context, "session_id");
    request.caller.user = text_at(*context, "user_id");
    SKERRY_TRY(agent::read_history(*context, request));
  }
  SKERRY_TRY(agent::read_calls(body, "forced_tool_calls", request).status());
  for (const agent::ToolCall& call : request.calls) {
    if (call.parameters.is_object()) continue;
    return must_be("parameters of an item of forced_tool_calls", "an object");
  }
  request.after_calls = agent::Request::AfterCalls::kModel;
  for (const char* name : {"allowed_tools", "tools"}) {
    SKERRY_TRY(agent::read_allowed_tools(body, name, request));
  }
  SKERRY_ASSIGN(const std::string mode, text_field(body, "mode"));
  if (!mode.empty()) {
    const auto named = agent::mode_named(mode);
    if (!named) return must_be("mode", "simple, standard, complex or supervisor");
    request.mode = *named;
  }
  SKERRY_TRY(agent::read_model_fields(body, request));
  return request;
}

// -------------------------------------------------------------------------------------- answers

/// Who a query is asked of, as its answer repeats it.
struct QueryInfo {
  std::string agent_id;
  std::string mode;
  ordered_json allowed_tools = nullptr;
};

ordered_json execution_json(const agent::Execution& execution) {
  ordered_json told = result_json(execution.result);
  return {{"tool", execution.call.tool},
          {"success", execution.result.succeeded()},
          {"output", std::move(told["output"])},
          {"error", std::move(told["error"])},
          {"metadata", std::move(told["metadata"])},
          {"duration_ms", milliseconds(execution.result.took)},
          {"tokens_used", 0},
          {"tool_input", execution.call.parameters}};
}

ordered_json executions_json(const agent::Outcome& answer) {
  ordered_json executions = ordered_json::array();
  for (const agent::Execution& each : answer.executions) executions.push_back(execution_json(each));
  return executions;
}

/// What a request asked for itself and did not get; what a model did not get, it was told.
std::optional<Fault> fault_in(const agent::Outcome& answer) {
  for (const agent::Execution& each : answer.executions) {
    if (each.call.source != agent::ToolCall::Source::kRequest) continue;
    if (auto fault = fault_of(each.result)) return fault;
  }
  return std::nullopt;
}

/// The fault when the model did not answer. What tools gave until then is in it.
Fault model_fault(const agent::Outcome& answer) {
  Fault fault = fault_of(answer.failure);
  if (answer.failure.code() == StatusCode::kUnavailable) {
    // The model's server is ours to reach: that is a gateway's failure.
    fault.status = 502;
    fault.body["error"] = answer.response;
  }
  if (!answer.executions.empty()) {
    fault.body = {{"error", answer.response}, {"tool_executions", executions_json(answer)}};
  }
  return fault;
}

ordered_json usage_json(const agent::Outcome& answer) {
  const agent::TokenUsage usage = answer.model ? answer.model->usage : agent::TokenUsage{};
  ordered_json told{{"total_tokens", usage.input + usage.output},
                    {"input_tokens", usage.input},
                    {"output_tokens", usage.output}};
  if (!answer.model) told["cost_usd"] = 0;
  if (answer.model && answer.model->cost_usd) told["cost_usd"] = *answer.model->cost_usd;
  return told;
}

ordered_json metadata_json(const agent::Outcome& answer, const QueryInfo& query) {
  std::set<std::string> used;
  for (const agent::Execution& each : answer.executions) used.insert(each.call.tool);
  ordered_json told{
      {"agent_id", query.agent_id}, {"mode", query.mode}, {"allowed_tools", query.allowed_tools}};
  told.update(usage_json(answer));
  told.erase("total_tokens");
  told["tools_used"] = used;
  told["tool_executions"] = executions_json(answer);
  if (!answer.model) return told;
  told["model_tier"] = agent::name_of(answer.model->tier);
  told["complexity_score"] = answer.model->complexity;
  told["iterations"] = answer.model->iterations;
  told["ended_by"] = agent::name_of(answer.model->ended);
  return told;
}

std::string_view finish_reason(const agent::Outcome& answer) {
  return answer.model ? agent::name_of(answer.model->finish) : "stop";
}

http::Response whole_response(const agent::Outcome& answer, const QueryInfo& query) {
  const ordered_json usage = usage_json(answer);
  return json_response({{"success", answer.succeeded},
                        {"response", answer.response},
                        {"tokens_used", usage["total_tokens"]},
                        {"model_used", answer.model ? answer.model->model : ""},
                        {"provider", answer.model ? answer.model->provider : ""},
                        {"finish_reason", finish_reason(answer)},
                        {"metadata", metadata_json(answer, query)}});
}

/// Whose words the deltas of a stream are.
enum class Speaker { kModel, kProgram };

/// Sends events, each with its own name and the agent's in it.
class AgentEvents {
 public:
  /// Events and query must outlive it.
  AgentEvents(EventStream& events, const QueryInfo& query, Speaker speaker,
              const boost::asio::any_io_executor& executor)
      : events_(events), query_(query), speaker_(speaker), relay_(executor, client()) {}

  /// After the output that came before it.
  void send(const char* event, const ordered_json& data) {
    relay_.flush();
    send_now(event, data);
  }
  bool has_begun() const { return has_begun_; }
  api::OutputRelay& relay() { return relay_; }

  agent::Observer observer() {
    agent::Observer observer;
    observer.begins = [this](const agent::ToolCall& call) {
      send("TOOL_INVOKED", {{"tool", call.tool}, {"params", call.parameters}});
    };
    observer.output = relay_.callback();
    observer.ended = [this](const agent::Execution& execution) {
      send("TOOL_OBSERVATION", execution_json(execution));
    };
    observer.text = [this](std::string_view text) {
      send("thread.message.delta", {{"delta", text}});
    };
    return observer;
  }

 private:
  void send_now(const char* event, const ordered_json& data) {
    ordered_json whole{{"event", event}, {"agent_id", query_.agent_id}};
    whole.update(data);
    has_begun_ = true;
    events_.send(event, whole);
  }
  void send_output(wasi::Stream stream, std::string_view text) {
    const bool is_stdout = stream == wasi::Stream::kStdout;
    if (speaker_ == Speaker::kProgram && is_stdout) {
      send_now("thread.message.delta", {{"delta", text}});
    } else {
      send_now("TOOL_OUTPUT", {{"stream", is_stdout ? "stdout" : "stderr"}, {"text", text}});
    }
  }
  api::OutputRelay::Client client() {
    return {
        .send = [this](wasi::Stream stream, std::string_view text) { send_output(stream, text); },
        .unsent = [this] { return events_.unsent(); },
        .drained = [this] { return events_.drained(); }};
  }

  EventStream& events_;
  const QueryInfo& query_;
  Speaker speaker_;
  api::OutputRelay relay_;
  bool has_begun_ = false;
};

/// Event by event. What fails before the first of them has a response like any other.
awaitable<std::optional<http::Response>> answer_streamed(const agent::Agent& agent,
                                                         agent::Plan plan, const QueryInfo& query,
                                                         EventStream& events) {
  const Speaker speaker = plan.question ? Speaker::kModel : Speaker::kProgram;
  AgentEvents sender(events, query, speaker, co_await boost::asio::this_coro::executor);
  auto working = sender.relay().during(agent.carry_out(std::move(plan), sender.observer()));
  const agent::Outcome answer = co_await std::move(working);
  std::optional<Fault> fault = fault_in(answer);
  if (!fault && !answer.failure.ok()) fault = model_fault(answer);
  if (fault && !sender.has_begun()) co_return response_of(*std::move(fault));
  if (fault) {
    fault->body["status"] = fault->status;
    sender.send("error", fault->body);
    co_return std::nullopt;
  }
  sender.send("thread.message.completed", {{"response", answer.response},
                                           {"success", answer.succeeded},
                                           {"model", answer.model ? answer.model->model : ""},
                                           {"provider", answer.model ? answer.model->provider : ""},
                                           {"finish_reason", finish_reason(answer)},
                                           {"usage", usage_json(answer)},
                                           {"metadata", metadata_json(answer, query)}});
  co_return std::nullopt;
}

awaitable<std::optional<http::Response>> answer_query(const agent::Agent& agent,
                                                      const http::Request& asking, json body,
                                                      EventStream& events) {
  const auto is_streamed = bool_field(body, "stream");
  if (!is_streamed.ok()) co_return http::response_of(is_streamed.status());
  auto request = request_of(body, asking.principal);
  if (!request.ok()) co_return http::response_of(request.status());
  if (*is_streamed && !request->calls.empty()) {
    co_return error_response(400, "forced_tool_calls cannot be streamed: leave stream out");
  }
  const auto agent_id = text_field(body, "agent_id");
  if (!agent_id.ok()) co_return http::response_of(agent_id.status());
  QueryInfo info{.agent_id = *agent_id, .mode = std::string(agent::name_of(request->mode))};
  if (info.agent_id.empty()) info.agent_id = "default";
  if (request->allowed_tools) info.allowed_tools = *request->allowed_tools;
  auto plan = agent.plan(*std::move(request));
  if (!plan.ok()) co_return http::response_of(plan.status());
  agent::Plan ready = *std::move(plan);
  if (*is_streamed) {
    if (!asking.wants_events) events.use_lines();
    co_return co_await answer_streamed(agent, std::move(ready), info, events);
  }
  const agent::Outcome answer = co_await agent.carry_out(std::move(ready), {});
  if (auto fault = fault_in(answer)) co_return response_of(*std::move(fault));
  if (!answer.failure.ok()) co_return response_of(model_fault(answer));
  co_return whole_response(answer, info);
}

}  // namespace

void add_agent_routes(const ToolApi& api, Router& router) {
  router.add(
      {.method = "POST",
       .path = "/agent/query",
       .summary = "Do what a query asks for: code that it holds, calls that it forces, or what a "
                  "language model makes of it; with \"stream\": true as events",
       .body = query_schema(),
       .answer = answer_schema(),
       .errors = {400, 403, 404, 409, 429, 500, 502, 504},
       .max_body = http::kModuleMaxBody,
       .sends_events = true,
       .handler = http::with_object(api.pool, [&agent = api.agent](const http::Request& request,
                                                                   json body, EventStream& events) {
         return answer_query(agent, request, std::move(body), events);
       })});
}

}  // namespace skerry::shannon
