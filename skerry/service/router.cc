// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/router.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "skerry/service/http_handler.h"
#include "skerry/service/json_schema.h"

namespace skerry::service {
namespace {

using nlohmann::ordered_json;

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  // "/health/" is "/health".
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

bool is_variable(std::string_view part) { return part.starts_with('{') && part.ends_with('}'); }

/// The path's variables, when it is one of the route's.
std::optional<std::map<std::string, std::string>> match(const Route& route, std::string_view path) {
  const auto wanted = parts_of(route.path);
  const auto given = parts_of(path);
  if (wanted.size() != given.size()) return std::nullopt;
  std::map<std::string, std::string> variables;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_variable(wanted[i])) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    auto value = decoded(given[i], false);
    if (!value || value->empty()) return std::nullopt;
    variables[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = *std::move(value);
  }
  return variables;
}

/// Whole seconds, for headers: at least 1, so that nobody comes back at once.
std::string seconds_text(std::chrono::milliseconds wait) {
  return std::to_string(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

ordered_json error_of(int status) {
  return {
      {"description", status == 400   ? "The request does not fit"
                      : status == 401 ? "There is no key, or one that is not known"
                      : status == 404 ? "There is nothing of that name"
                      : status == 409 ? "It cannot be done as things stand"
                      : status == 413 ? "The body is too large"
                      : status == 426 ? "This is for WebSockets"
                      : status == 429 ? "Too many runs wait; again after Retry-After seconds"
                      : status == 503 ? "Not now; again later"
                                      : "It could not be done"},
      {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
}

HttpResponse unauthenticated(const Status& why) {
  HttpResponse refusal = response_of(why);
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refusal;
}

}  // namespace

std::optional<HttpResponse> Router::refusal_of(std::string_view api_key) const {
  if (gate_ == nullptr) return std::nullopt;
  const auto caller = gate_->caller_of(api_key);
  if (caller.ok()) return std::nullopt;
  return unauthenticated(caller.status());
}

void Router::add(Route route) { routes_.push_back(std::move(route)); }

boost::asio::awaitable<std::optional<HttpResponse>> Router::handle(HttpRequest request,
                                                                   EventStream& events) const {
  std::string allowed;
  const Route* found = nullptr;
  bool is_literal = false;
  for (const Route& route : routes_) {
    auto variables = match(route, request.path);
    if (!variables || (is_literal && !variables->empty())) continue;
    // A path that is there word for word is not one of those that a variable stands for.
    if (variables->empty() && !std::exchange(is_literal, true)) {
      allowed.clear();
      found = nullptr;
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
    if (found != nullptr || route.method != request.method) continue;
    request.variables = *std::move(variables);
    found = &route;
  }
  if (found == nullptr && allowed.empty()) {
    co_return error_response(404,
                             "there is nothing at this path; /openapi.json names all there is");
  }
  if (found == nullptr) {
    HttpResponse response = error_response(405, "this path takes " + allowed);
    response.headers.emplace_back("Allow", allowed);
    co_return response;
  }
  std::string id = request.request_id;
  auto response = co_await guarded(*found, std::move(request), events);
  if (response && !id.empty()) response->headers.emplace_back("X-Request-ID", std::move(id));
  co_return std::move(response);
}

boost::asio::awaitable<std::optional<HttpResponse>> Router::guarded(const Route& route,
                                                                    HttpRequest request,
                                                                    EventStream& events) const {
  if (gate_ == nullptr || route.is_open)
    co_return co_await route.handler(std::move(request), events);
  auto caller = gate_->caller_of(request.api_key);
  if (!caller.ok()) co_return unauthenticated(caller.status());
  request.caller = *std::move(caller);
  request.caller.request = request.request_id;
  request.caller.trace = request.trace;
  if (!route.is_metered) co_return co_await route.handler(std::move(request), events);
  const auto admission = gate_->admit(request.caller);
  std::optional<HttpResponse> response;
  if (admission.status.ok()) {
    response = co_await route.handler(std::move(request), events);
  } else {
    response = response_of(admission.status);
    std::erase_if(response->headers, [](const auto& each) { return each.first == "Retry-After"; });
    response->headers.emplace_back("Retry-After", seconds_text(admission.wait));
  }
  if (response && admission.limit > 0) {
    response->headers.emplace_back("X-RateLimit-Limit", fmt::format("{:.0f}", admission.limit));
    response->headers.emplace_back("X-RateLimit-Remaining",
                                   fmt::format("{:.0f}", std::floor(admission.remaining)));
    response->headers.emplace_back("X-RateLimit-Reset", seconds_text(admission.wait));
  }
  co_return std::move(response);
}

ordered_json Router::operation_of(const Route& route) const {
  ordered_json operation{{"summary", route.summary}, {"parameters", ordered_json::array()}};
  for (const std::string_view part : parts_of(route.path)) {
    if (!is_variable(part)) continue;
    const std::string_view name = part.substr(1, part.size() - 2);
    const auto described = variables_.find(name);
    operation["parameters"].push_back(
        {{"name", name},
         {"in", "path"},
         {"required", true},
         {"schema", described == variables_.end() ? text_schema() : described->second}});
  }
  for (const RouteParameter& each : route.queries) {
    operation["parameters"].push_back({{"name", each.name},
                                       {"in", each.is_header ? "header" : "query"},
                                       {"required", each.is_required},
                                       {"schema", each.schema}});
  }
  if (!route.body.is_null()) {
    operation["requestBody"] = {{"required", !route.may_lack_body},
                                {"content", {{route.body_type, {{"schema", route.body}}}}}};
  }
  const bool is_json = std::string_view(route.answer_type) == "application/json";
  if (!route.is_open) {
    operation["security"] = {{{"key", ordered_json::array()}},
                             {{"bearer", ordered_json::array()}},
                             ordered_json::object()};
  }
  ordered_json content = ordered_json::object();
  if (!is_json) {
    content[route.answer_type] = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
  } else if (!route.answer.is_null()) {
    content[route.answer_type] = {{"schema", route.answer}};
  }
  if (route.sends_events) content["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  ordered_json& good = operation["responses"][std::to_string(route.success)];
  good = {{"description", "Done"}};
  if (!content.empty()) good["content"] = std::move(content);
  std::vector<int> errors = route.errors;
  errors.push_back(400);  // for a target that is no text
  if (!route.body.is_null()) errors.push_back(413);
  if (!route.is_open) errors.push_back(401);
  if (route.is_metered) errors.insert(errors.end(), {429, 503});
  for (const int status : errors) {
    operation["responses"][std::to_string(status)] = error_of(status);
  }
  return operation;
}

ordered_json Router::document(const std::string& version) const {
  ordered_json document{{"openapi", "3.1.0"},
                        {"info", {{"title", "Skerry"}, {"version", version}}},
                        {"paths", ordered_json::object()},
                        {"components",
                         {{"schemas",
                           {{"Error",
                             {{"type", "object"},
                              {"properties", {{"error", {{"type", "string"}}}}},
                              {"required", {"error"}}}}}},
                          {"securitySchemes",
                           {{"key", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}},
                            {"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  for (const Route& route : routes_) {
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    document["paths"][route.path][method] = operation_of(route);
  }
  return document;
}

}  // namespace skerry::service
