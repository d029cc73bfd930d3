// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/tool_routes.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "skerry/base/formats/json_fields.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/tool_answer.h"

namespace skerry::shannon {
namespace {

using boost::asio::awaitable;
using http::error_response;
using http::EventStream;
using http::json_response;
using http::list_schema;
using http::nullable;
using http::object_of;
using http::object_schema;
using http::Reply;
using http::RouteParameter;
using http::Router;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using tool::ToolResult;
using tool::Verdict;

constexpr std::size_t kMaxCalls = 100;  // in one request

ordered_json schema_json(const tool::Definition& tool) {
  return {{"name", tool.name},
          {"description", tool.description},
          {"parameters", tool::schema_of(tool)}};
}

ordered_json metadata_json(const tool::Definition& tool) {
  return {{"name", tool.name},
          {"version", tool.version},
          {"description", tool.description},
          {"category", tool.category},
          {"author", "Skerry"},
          {"requires_auth", false},
          {"rate_limit", tool.calls_per_minute},
          {"timeout_seconds", tool.timeout.count()},
          {"memory_limit_mb", tool.memory_mb},
          {"sandboxed", tool.is_sandboxed},
          {"dangerous", tool.is_dangerous},
          {"cost_per_use", tool.cost_usd}};
}

ordered_json whole_json(const tool::Definition& tool) {
  ordered_json told = metadata_json(tool);
  told["parameters"] = tool::schema_of(tool);
  return told;
}

/// One call as `/tools/execute` has it.
struct WantedCall {
  std::string tool;
  json parameters;
  access::Principal caller;
};

Result<WantedCall> wanted_call(json body, access::Principal caller) {
  WantedCall call{.tool = text_at(body, "tool_name"),
                  .parameters = json::object(),
                  .caller = std::move(caller)};
  if (call.tool.empty()) return absl::InvalidArgumentError("tool_name is missing, or is no text");
  if (const auto found = body.find("parameters"); found != body.end() && !found->is_null()) {
    if (!found->is_object()) return absl::InvalidArgumentError("parameters must be an object");
    call.parameters = std::move(*found);
    // {"calculator": {"expression": …}} is what some models make of it.
    const auto nested = call.parameters.find(call.tool);
    if (call.parameters.size() == 1 && nested != call.parameters.end() && nested->is_object()) {
      json inner = std::move(*nested);
      call.parameters = std::move(inner);
    }
  }
  if (const auto context = body.find("session_context");
      context != body.end() && !context->is_null()) {
    if (!context->is_object()) {
      return absl::InvalidArgumentError("session_context must be an object");
    }
    call.caller.session = text_at(*context, "session_id");
    call.caller.user = text_at(*context, "user_id");
  }
  return call;
}

// ---------------------------------------------------------------------------------------- schemas

ordered_json result_schema() {
  return object_of({{"success", {{"type", "boolean"}}},
                    {"output", ordered_json::object()},
                    {"text", text_schema()},
                    {"error", {{"type", {"string", "null"}}}},
                    {"metadata", object_schema()},
                    {"execution_time_ms", {{"type", "number"}}}},
                   {"success", "output", "text", "error", "metadata", "execution_time_ms"});
}

ordered_json name_schema() { return {{"type", "string"}, {"minLength", 1}}; }

ordered_json call_schema() {
  return object_of({{"tool_name", name_schema()},
                    {"parameters", nullable(object_schema())},
                    {"session_context", nullable(object_schema())}},
                   {"tool_name"});
}

// --------------------------------------------------------------------------------------- handlers

using Found = std::vector<const tool::Definition*>;

constexpr std::array kTrue = {"true", "True", "1"};
constexpr std::array kFalse = {"false", "False", "0"};

Result<bool> truth_in(const std::map<std::string, std::string>& query, const char* name,
                      bool fallback) {
  const auto found = query.find(name);
  if (found == query.end()) return fallback;
  const auto is_it = [&found](const char* word) { return found->second == word; };
  if (std::any_of(kTrue.begin(), kTrue.end(), is_it)) return true;
  if (std::any_of(kFalse.begin(), kFalse.end(), is_it)) return false;
  return absl::InvalidArgumentError(std::string(name) + " must be true or false");
}

/// The tools that a list is about, to be asked for in a query.
std::vector<RouteParameter> search_parameters() {
  ordered_json words = ordered_json::array();
  for (const auto& list : {kTrue, kFalse}) {
    for (const char* word : list) words.push_back(word);
  }
  return {"category", {"exclude_dangerous", {{"type", "string"}, {"enum", std::move(words)}}}};
}

void add_tool_lists(const ToolApi& api, Router& router) {
  const tool::Toolbox& tools = api.tools;
  const auto searched = [&tools](const http::Request& request) -> Result<Found> {
    tool::Search search;
    if (const auto category = request.query.find("category"); category != request.query.end()) {
      search.categories = {category->second};
    }
    SKERRY_ASSIGN(search.excludes_dangerous, truth_in(request.query, "exclude_dangerous", true));
    return tools.search(search);
  };
  router.add({.method = "GET",
              .path = "/tools/list",
              .summary = "Names of tools",
              .answer = list_schema(text_schema()),
              .queries = search_parameters(),
              .handler = http::immediate([searched](const http::Request& request) {
                const auto found = searched(request);
                if (!found.ok()) return http::response_of(found.status());
                ordered_json names = ordered_json::array();
                for (const auto* each : *found) names.push_back(each->name);
                return json_response(names);
              })});
  router.add({.method = "GET",
              .path = "/tools/categories",
              .summary = "Categories of tools",
              .answer = list_schema(text_schema()),
              .handler = http::immediate([&tools](const http::Request&) {
                std::set<std::string> names;
                for (const auto* each : tools.search({})) names.insert(each->category);
                return json_response(names);
              })});
  router.add({.method = "GET",
              .path = "/tools/schemas",
              .summary = "All tools' parameters as JSON Schema",
              .answer = list_schema(object_schema()),
              .queries = search_parameters(),
              .handler = http::immediate([searched](const http::Request& request) {
                const auto found = searched(request);
                if (!found.ok()) return http::response_of(found.status());
                ordered_json schemas = ordered_json::array();
                for (const auto* each : *found) schemas.push_back(schema_json(*each));
                return json_response(schemas);
              })});
  router.add({.method = "GET",
              .path = "/api/v1/tools",
              .summary = "Tools, with what they say about themselves",
              .answer = object_of(
                  {{"tools", list_schema(object_schema())}, {"count", {{"type", "integer"}}}},
                  {"tools", "count"}),
              .queries = search_parameters(),
              .handler = http::immediate([searched](const http::Request& request) {
                const auto found = searched(request);
                if (!found.ok()) return http::response_of(found.status());
                ordered_json told = ordered_json::array();
                for (const auto* each : *found) {
                  told.push_back(whole_json(*each));
                }
                const std::size_t count = told.size();
                return json_response({{"tools", std::move(told)}, {"count", count}});
              })});
}

void add_one_tool(const ToolApi& api, Router& router) {
  struct Told {
    const char* path;
    const char* summary;
    ordered_json (*tell)(const tool::Definition&);
  };
  for (const Told& told :
       {Told{"/tools/{tool}/schema", "A tool's parameters as JSON Schema", schema_json},
        Told{"/tools/{tool}/metadata", "What a tool says about itself", metadata_json},
        Told{"/api/v1/tools/{tool}", "A tool: what it says about itself, and its parameters",
             whole_json}}) {
    router.add({.method = "GET",
                .path = told.path,
                .summary = told.summary,
                .answer = object_schema(),
                .errors = {404},
                .handler = http::immediate(
                    [&tools = api.tools, tell = told.tell](const http::Request& request) {
                      const std::string& name = request.variables.at("tool");
                      const tool::Definition* found = tools.find(name);
                      return found == nullptr ? error_response(404, "Tool not found: " + name)
                                              : json_response(tell(*found));
                    })});
  }
}

awaitable<Reply> answer_call(const tool::Toolbox& tools, json body, access::Principal caller) {
  auto call = wanted_call(std::move(body), std::move(caller));
  if (!call.ok()) co_return http::response_of(call.status());
  const ToolResult result =
      co_await tools.call(call->tool, std::move(call->parameters), std::move(call->caller), {});
  if (auto fault = fault_of(result)) co_return response_of(*std::move(fault));
  co_return json_response(result_json(result));
}

awaitable<Reply> answer_batch(const tool::Toolbox& tools, json calls, access::Principal caller) {
  if (!calls.is_array() || calls.size() > kMaxCalls) {
    co_return error_response(400, "the body must be a list of at most 100 calls");
  }
  ordered_json results = ordered_json::array();
  for (json& each : calls) {
    Result<WantedCall> call = absl::InvalidArgumentError("a call must be an object");
    if (each.is_object()) call = wanted_call(std::move(each), caller);
    if (!call.ok()) co_return http::response_of(call.status());
    const ToolResult result =
        co_await tools.call(call->tool, std::move(call->parameters), std::move(call->caller), {});
    results.push_back(result_json(result));
    if (result.verdict == Verdict::kCancelled) break;
  }
  co_return json_response(results);
}

awaitable<Reply> answer_named_call(const tool::Toolbox& tools, std::string name, json body,
                                   access::Principal caller) {
  const tool::Definition* found = tools.find(name);
  if (found == nullptr) co_return error_response(404, "Tool not found: " + name);
  if (found->is_dangerous) {
    co_return error_response(403, "tool " + name + " is dangerous, and not for this");
  }
  const auto given = body.find("arguments");
  json arguments = given == body.end() || given->is_null() ? json::object() : std::move(*given);
  if (!arguments.is_object()) co_return error_response(400, "arguments must be an object");
  if (const auto session = body.find("session_id");
      session != body.end() && !session->is_string() && !session->is_null()) {
    co_return error_response(400, "session_id must be text");
  }
  caller.session = text_at(body, "session_id");
  const ToolResult result = co_await tools.call(name, std::move(arguments), std::move(caller), {});
  if (auto fault = fault_of(result)) co_return response_of(*std::move(fault));
  ordered_json told = result_json(result);
  told["usage"] = {{"tokens", 0}, {"cost_usd", found->cost_usd}};
  co_return json_response(told);
}

void add_tool_calls(const ToolApi& api, Router& router) {
  const tool::Toolbox& tools = api.tools;
  router.add({.method = "POST",
              .path = "/tools/execute",
              .summary = "Call a tool",
              .body = call_schema(),
              .answer = result_schema(),
              .errors = {400, 404, 429, 500},
              .max_body = http::kModuleMaxBody,
              .starts_runs = true,
              .handler = http::with_object(
                  api.pool, [&tools](const http::Request& request, json body, EventStream&) {
                    return answer_call(tools, std::move(body), request.principal);
                  })});
  router.add(
      {.method = "POST",
       .path = "/tools/batch-execute",
       .summary = "Call tools, one after the other; those that cannot be called have a result, too",
       .body = list_schema(call_schema()),
       .answer = list_schema(result_schema()),
       .errors = {400},
       .max_body = http::kModuleMaxBody,
       .starts_runs = true,
       .handler = http::with_json(api.pool,
                                  [&tools](const http::Request& request, json calls, EventStream&) {
                                    return answer_batch(tools, std::move(calls), request.principal);
                                  })});
  router.add({.method = "DELETE",
              .path = "/tools/{tool}/cache",
              .summary = "Forget the caller's kept results of a tool",
              .answer = object_of({{"removed", {{"type", "integer"}}}}, {"removed"}),
              .errors = {404},
              .handler = http::immediate([&tools](const http::Request& request) {
                const std::string& name = request.variables.at("tool");
                if (tools.find(name) == nullptr) {
                  return error_response(404, "Tool not found: " + name);
                }
                const std::size_t removed = tools.results().forget(request.principal.tenant, name);
                return json_response(ordered_json{{"removed", removed}});
              })});
  ordered_json with_usage = result_schema();
  with_usage["properties"]["usage"] = object_schema();
  router.add(
      {.method = "POST",
       .path = "/api/v1/tools/{tool}/execute",
       .summary = "Call a tool",
       .body = object_of(
           {{"arguments", nullable(object_schema())}, {"session_id", nullable(text_schema())}}, {}),
       .answer = std::move(with_usage),
       .errors = {400, 403, 404, 429, 500},
       .max_body = http::kModuleMaxBody,
       .starts_runs = true,
       .handler = http::with_object(
           api.pool, [&tools](const http::Request& request, json body, EventStream&) {
             return answer_named_call(tools, request.variables.at("tool"), std::move(body),
                                      request.principal);
           })});
}

}  // namespace

void add_tool_routes(const ToolApi& api, Router& router) {
  ordered_json names = ordered_json::array();
  for (const tool::Definition* each : api.tools.search({})) names.push_back(each->name);
  router.describe("tool", {{"type", "string"}, {"enum", std::move(names)}});
  add_tool_lists(api, router);
  add_tool_calls(api, router);
  add_one_tool(api, router);
}

}  // namespace skerry::shannon
