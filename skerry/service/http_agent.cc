// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_agent.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "skerry/service/http_handler.h"
#include "skerry/service/json_schema.h"

namespace skerry::service {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostHistory = 1000;

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

/// A member, unless it is null.
const json* given(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Status must_be(const char* name, const char* what) {
  return absl::InvalidArgumentError(std::string(name) + " must be " + what);
}

/// A text; empty when there is none.
Result<std::string> optional_text(const json& body, const char* name) {
  const json* found = given(body, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return must_be(name, "a text");
  return found->get<std::string>();
}

/// The tools that a query allows, by both names of that.
Result<std::optional<std::vector<std::string>>> allowed_tools(const json& body) {
  std::optional<std::vector<std::string>> allowed;
  for (const char* key : {"allowed_tools", "tools"}) {
    const json* list = given(body, key);
    if (list == nullptr) continue;
    if (!list->is_array()) return must_be(key, "a list of names");
    std::vector<std::string> names;
    for (const json& each : *list) {
      if (!each.is_string()) return must_be(key, "a list of names");
      const auto& name = each.get_ref<const std::string&>();
      if (!allowed || std::find(allowed->begin(), allowed->end(), name) != allowed->end()) {
        names.push_back(name);
      }
    }
    allowed = std::move(names);
  }
  return allowed;
}

Result<std::vector<agent::ToolCall>> forced_calls(const json& body) {
  std::vector<agent::ToolCall> calls;
  const json* forced = given(body, "forced_tool_calls");
  if (forced == nullptr) return calls;
  if (!forced->is_array()) return must_be("forced_tool_calls", "a list");
  for (const json& each : *forced) {
    if (!each.is_object()) return must_be("an item of forced_tool_calls", "an object");
    const json* parameters = given(each, "parameters");
    if (parameters != nullptr && !parameters->is_object()) {
      return must_be("parameters of an item of forced_tool_calls", "an object");
    }
    calls.push_back({.tool = text_at(each, "tool"),
                     .parameters = parameters == nullptr ? json::object() : *parameters});
  }
  return calls;
}

/// What was said before: texts, or objects with role and content.
Result<std::vector<agent::Message>> history_in(const json& context) {
  std::vector<agent::Message> history;
  const json* list = given(context, "history");
  if (list == nullptr) return history;
  if (!list->is_array() || list->size() > kMostHistory) {
    return must_be("context.history", "a list of at most 1000 messages");
  }
  for (const json& each : *list) {
    if (each.is_string()) {
      history.push_back(agent::history_message(each.get_ref<const std::string&>()));
    } else if (each.is_object() && each.contains("content") && each["content"].is_string()) {
      const bool is_model_s = text_at(each, "role") == "assistant";
      history.push_back({.role = is_model_s ? agent::Role::kAssistant : agent::Role::kUser,
                         .content = each["content"].get<std::string>()});
    } else {
      return must_be("an item of context.history", "a text, or an object with role and content");
    }
  }
  return history;
}

/// What a request says about the model to ask.
Status take_model_wishes(const json& body, agent::Request& request) {
  SKERRY_ASSIGN(const std::string mode, optional_text(body, "mode"));
  if (!mode.empty()) {
    const auto named = agent::mode_named(mode);
    if (!named) return must_be("mode", "simple, standard, complex or supervisor");
    request.mode = *named;
  }
  SKERRY_ASSIGN(const std::string tier, optional_text(body, "model_tier"));
  if (!tier.empty()) {
    request.tier = agent::tier_named(tier);
    if (!request.tier) return must_be("model_tier", "small, medium or large");
  }
  SKERRY_ASSIGN(request.model, optional_text(body, "model_override"));
  if (const json* temperature = given(body, "temperature")) {
    if (!temperature->is_number()) return must_be("temperature", "a number");
    request.temperature = temperature->get<double>();
  }
  if (const json* most = given(body, "max_tokens")) {
    const double number = most->is_number() ? most->get<double>() : 0.5;
    if (std::trunc(number) != number || std::abs(number) > 1e9) {
      return must_be("max_tokens", "an integer");
    }
    request.max_tokens = static_cast<int>(number);
  }
  return ok_status();
}

Result<agent::Request> request_of(const json& body, tool::Caller caller) {
  agent::Request request{.query = text_at(body, "query"), .caller = std::move(caller)};
  if (request.query.empty()) {
    return absl::InvalidArgumentError("query is missing, or is no text");
  }
  SKERRY_ASSIGN(request.caller.session, optional_text(body, "session_id"));
  if (const json* context = given(body, "context")) {
    if (!context->is_object()) return must_be("context", "an object");
    if (request.caller.session.empty()) request.caller.session = text_at(*context, "session_id");
    request.caller.user = text_at(*context, "user_id");
    SKERRY_ASSIGN(request.history, history_in(*context));
  }
  SKERRY_ASSIGN(request.calls, forced_calls(body));
  request.after_calls = agent::Request::AfterCalls::kModel;
  SKERRY_ASSIGN(request.allowed_tools, allowed_tools(body));
  SKERRY_TRY(take_model_wishes(body, request));
  return request;
}

// -------------------------------------------------------------------------------------- answers

/// Who a query is asked of, as its answer repeats it.
struct Asked {
  std::string agent_id;
  std::string mode;
  ordered_json allowed_tools = nullptr;
};

ordered_json json_of(const agent::Execution& execution) {
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

ordered_json executions_json(const agent::Answer& answer) {
  ordered_json executions = ordered_json::array();
  for (const agent::Execution& each : answer.executions) executions.push_back(json_of(each));
  return executions;
}

/// What a request asked for itself and did not get; what a model did not get, it was told.
HttpAnswer fault_in(const agent::Answer& answer) {
  for (const agent::Execution& each : answer.executions) {
    if (each.call.source != agent::ToolCall::Source::kRequest) continue;
    if (auto fault = fault_of(each.result)) return fault;
  }
  return std::nullopt;
}

/// The response when the model did not answer. What tools gave until then is in it.
HttpResponse failure_response(const agent::Answer& answer) {
  // The model's server is ours to reach: that is a gateway's failure.
  HttpResponse response = answer.failure.code() == StatusCode::kUnavailable
                              ? error_response(502, answer.response)
                              : response_of(answer.failure);
  if (const auto time = agent::retry_after(answer.failure)) {
    std::erase_if(response.headers, [](const auto& each) { return each.first == "Retry-After"; });
    response.headers.emplace_back("Retry-After", std::to_string(time->count()));
  }
  if (answer.executions.empty()) return response;
  HttpResponse with_executions = json_response(
      {{"error", answer.response}, {"tool_executions", executions_json(answer)}}, response.status);
  with_executions.headers = std::move(response.headers);
  return with_executions;
}

ordered_json usage_json(const agent::Answer& answer) {
  const agent::TokenUsage usage = answer.model ? answer.model->usage : agent::TokenUsage{};
  ordered_json told{{"total_tokens", usage.input + usage.output},
                    {"input_tokens", usage.input},
                    {"output_tokens", usage.output}};
  if (!answer.model) told["cost_usd"] = 0;
  if (answer.model && answer.model->cost_usd) told["cost_usd"] = *answer.model->cost_usd;
  return told;
}

ordered_json metadata_json(const agent::Answer& answer, const Asked& asked) {
  std::set<std::string> used;
  for (const agent::Execution& each : answer.executions) used.insert(each.call.tool);
  ordered_json told{
      {"agent_id", asked.agent_id}, {"mode", asked.mode}, {"allowed_tools", asked.allowed_tools}};
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

std::string_view finish_reason(const agent::Answer& answer) {
  return answer.model ? agent::name_of(answer.model->finish) : "stop";
}

HttpResponse whole_response(const agent::Answer& answer, const Asked& asked) {
  const ordered_json usage = usage_json(answer);
  return json_response({{"success", answer.succeeded},
                        {"response", answer.response},
                        {"tokens_used", usage["total_tokens"]},
                        {"model_used", answer.model ? answer.model->model : ""},
                        {"provider", answer.model ? answer.model->provider : ""},
                        {"finish_reason", finish_reason(answer)},
                        {"metadata", metadata_json(answer, asked)}});
}

/// Sends events, each with its own name and the agent's in it.
class Teller {
 public:
  Teller(EventStream& events, const Asked& asked) : events_(events), asked_(asked) {}

  void tell(const char* event, const ordered_json& data) {
    ordered_json whole{{"event", event}, {"agent_id", asked_.agent_id}};
    whole.update(data);
    has_told_ = true;
    events_.send(event, whole);
  }
  void tell_delta(std::string_view text) { tell("thread.message.delta", {{"delta", text}}); }
  bool has_told() const { return has_told_; }

 private:
  EventStream& events_;
  const Asked& asked_;
  bool has_told_ = false;
};

/// `speaks`: whose words the deltas are, the model's or the program's.
enum class Speaker { kModel, kProgram };

agent::Observer observer_of(Teller& teller, Speaker speaker) {
  agent::Observer observer;
  observer.begins = [&teller](const agent::ToolCall& call) {
    teller.tell("TOOL_INVOKED", {{"tool", call.tool}, {"params", call.parameters}});
  };
  observer.output = [&teller, speaker](wasi::Stream stream, std::string_view text) {
    if (speaker == Speaker::kProgram && stream == wasi::Stream::kStdout) {
      teller.tell_delta(text);
    } else {
      teller.tell("TOOL_OUTPUT", {{"stream", stream == wasi::Stream::kStdout ? "stdout" : "stderr"},
                                  {"text", text}});
    }
  };
  observer.ended = [&teller](const agent::Execution& execution) {
    teller.tell("TOOL_OBSERVATION", json_of(execution));
  };
  observer.text = [&teller](std::string_view text) { teller.tell_delta(text); };
  return observer;
}

/// Event by event. What fails before the first of them has a response like any other.
awaitable<HttpAnswer> answer_streamed(const agent::Agent& agent, agent::Plan plan,
                                      const Asked& asked, EventStream& events) {
  Teller teller(events, asked);
  const Speaker speaker = plan.question ? Speaker::kModel : Speaker::kProgram;
  agent::Observer observer = observer_of(teller, speaker);
  const agent::Answer answer = co_await agent.carry_out(std::move(plan), std::move(observer));
  HttpAnswer failure = fault_in(answer);
  if (!failure && !answer.failure.ok()) failure = failure_response(answer);
  if (failure && !teller.has_told()) co_return failure;
  if (failure) {
    ordered_json told = ordered_json::parse(failure->body);
    told["status"] = failure->status;
    teller.tell("error", told);
    co_return std::nullopt;
  }
  teller.tell("thread.message.completed", {{"response", answer.response},
                                           {"success", answer.succeeded},
                                           {"model", answer.model ? answer.model->model : ""},
                                           {"provider", answer.model ? answer.model->provider : ""},
                                           {"finish_reason", finish_reason(answer)},
                                           {"usage", usage_json(answer)},
                                           {"metadata", metadata_json(answer, asked)}});
  co_return std::nullopt;
}

awaitable<HttpAnswer> answer_query(const agent::Agent& agent, const HttpRequest& asking, json body,
                                   EventStream& events) {
  const json* stream = given(body, "stream");
  if (stream != nullptr && !stream->is_boolean()) {
    co_return response_of(must_be("stream", "true or false"));
  }
  const bool is_streamed = stream != nullptr && stream->get<bool>();
  auto request = request_of(body, asking.caller);
  if (!request.ok()) co_return response_of(request.status());
  if (is_streamed && !request->calls.empty()) {
    co_return error_response(400, "forced_tool_calls cannot be streamed: leave stream out");
  }
  const auto agent_id = optional_text(body, "agent_id");
  if (!agent_id.ok()) co_return response_of(agent_id.status());
  Asked asked{.agent_id = *agent_id, .mode = std::string(agent::name_of(request->mode))};
  if (asked.agent_id.empty()) asked.agent_id = "default";
  if (request->allowed_tools) asked.allowed_tools = *request->allowed_tools;
  auto plan = agent.plan(*std::move(request));
  if (!plan.ok()) co_return response_of(plan.status());
  agent::Plan ready = *std::move(plan);
  if (is_streamed) {
    if (!asking.wants_events) events.use_lines();
    co_return co_await answer_streamed(agent, std::move(ready), asked, events);
  }
  const agent::Answer answer = co_await agent.carry_out(std::move(ready), {});
  if (auto fault = fault_in(answer)) co_return fault;
  if (!answer.failure.ok()) co_return failure_response(answer);
  co_return whole_response(answer, asked);
}

}  // namespace

void add_agent_routes(const HttpApi& api, Router& router) {
  router.add({.method = "POST",
              .path = "/agent/query",
              .summary =
                  "Do what a query asks for: code that it holds, calls that it forces, or what a "
                  "language model makes of it; with \"stream\": true as events",
              .body = query_schema(),
              .answer = answer_schema(),
              .errors = {400, 403, 404, 409, 429, 500, 502, 504},
              .sends_events = true,
              .handler = with_body(
                  [&agent = api.agent](const HttpRequest& request, json body, EventStream& events) {
                    return answer_query(agent, request, std::move(body), events);
                  })});
}

}  // namespace skerry::service
