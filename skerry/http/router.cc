// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/router.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/retry_after.h"
#include "skerry/http/json_schema.h"
#include "skerry/loop/lag_meter.h"

namespace skerry::http {
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

ordered_json error_of(int status) {
  return {
      {"description", status == 400   ? "The request does not fit"
                      : status == 401 ? "There is no key, or one that is not known"
                      : status == 404 ? "There is nothing of that name"
                      : status == 408 ? "The body came too slowly; again"
                      : status == 409 ? "It cannot be done as things stand"
                      : status == 413 ? "The body is too large"
                      : status == 426 ? "This is for WebSockets"
                      : status == 429 ? "Too many runs wait; again after Retry-After seconds"
                      : status == 503 ? "Not now; again later"
                                      : "It could not be done"},
      {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
}

}  // namespace

std::optional<Response> Router::unauthorized_response(std::string_view api_key) const {
  if (authorizer_ == nullptr) return std::nullopt;
  const auto principal = authorizer_->principal_of(api_key);
  if (principal.ok()) return std::nullopt;
  return response_of(principal.status());
}

std::optional<Response> Router::authorize(std::string_view api_key, std::string_view peer) const {
  if (authorizer_ == nullptr) return std::nullopt;
  const auto principal = authorizer_->principal_of(api_key);
  if (principal.ok()) return std::nullopt;
  authorizer_->refused(peer, principal.status());
  return response_of(principal.status());
}

Router::Pattern Router::pattern_of(std::string_view path) {
  Pattern pattern;
  for (std::string_view part : parts_of(path)) {
    const bool is_variable = part.starts_with('{') && part.ends_with('}');
    if (is_variable) part = part.substr(1, part.size() - 2);
    const bool is_rest = is_variable && part.ends_with("...");
    if (is_rest) part.remove_suffix(3);
    pattern.is_literal = pattern.is_literal && !is_variable;
    pattern.parts.push_back(
        {.text = std::string(part), .is_variable = is_variable, .is_rest = is_rest});
  }
  return pattern;
}

bool Router::matches(const Pattern& pattern, const std::vector<std::string_view>& parts,
                     std::map<std::string, std::string>& variables) {
  const bool has_rest = !pattern.parts.empty() && pattern.parts.back().is_rest;
  if (has_rest ? parts.size() < pattern.parts.size() : parts.size() != pattern.parts.size()) {
    return false;
  }
  for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
    const Pattern::Part& part = pattern.parts[i];
    if (!part.is_variable) {
      if (part.text != parts[i]) return false;
      continue;
    }
    // Parts of one path lie behind each other.
    const std::string_view& last = part.is_rest ? parts.back() : parts[i];
    const auto before = static_cast<std::size_t>(last.begin() - parts[i].begin());
    auto value = decoded(std::string_view(parts[i].begin(), before + last.size()), false);
    if (!value || value->empty()) return false;
    variables[part.text] = *std::move(value);
  }
  return true;
}

void Router::add(Route route) {
  Pattern pattern = pattern_of(route.path);
  routes_.emplace_back(std::move(pattern), std::move(route));
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  const auto parts = parts_of(path);
  Match found;
  std::string allowed;
  bool is_literal = false;
  for (const auto& [pattern, route] : routes_) {
    if (is_literal && !pattern.is_literal) continue;
    std::map<std::string, std::string> variables;
    if (!matches(pattern, parts, variables)) continue;
    // A path that is there word for word is not one that a variable stands for.
    if (pattern.is_literal && !std::exchange(is_literal, true)) {
      allowed.clear();
      found = {};
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
    if (found.route != nullptr || route.method != method) continue;
    found.route = &route;
    found.variables = std::move(variables);
  }
  if (found.route != nullptr) return found;
  if (allowed.empty()) {
    found.refusal =
        error_response(404, "there is nothing at this path; /openapi.json names all there is");
  } else {
    found.refusal = error_response(405, "this path takes " + allowed);
    found.refusal.headers.emplace_back("Allow", allowed);
  }
  return found;
}

boost::asio::awaitable<std::optional<Response>> Router::answer(Match match, Request request,
                                                               EventStream& events) const {
  if (match.route == nullptr) co_return std::move(match.refusal);
  request.variables = std::move(match.variables);
  std::string id = request.request_id;
  std::optional<Response> response;
  try {
    auto answering = guarded(*match.route, std::move(request), events);
    response = co_await std::move(answering);
  } catch (const std::exception&) {
    response = error_response(500, "the request could not be carried out");
  }
  if (response && !id.empty()) response->headers.emplace_back("X-Request-ID", std::move(id));
  co_return std::move(response);
}

boost::asio::awaitable<std::optional<Response>> Router::guarded(const Route& route, Request request,
                                                                EventStream& events) const {
  loop::set_activity(route.method + " " + route.path);
  if (authorizer_ == nullptr || route.is_open) {
    co_return co_await route.handler(std::move(request), events);
  }
  auto principal = authorizer_->principal_of(request.api_key);
  if (!principal.ok()) co_return response_of(principal.status());
  if (route.needs_permission_to_run) {
    if (const Status status = principal->check_may_run(); !status.ok())
      co_return response_of(status);
  }
  request.principal = *principal;
  request.principal.request = request.request_id;
  request.principal.trace = request.trace;
  std::optional<Response> response = co_await route.handler(std::move(request), events);
  if (!response || !route.starts_runs) co_return response;
  if (const auto allowed = authorizer_->allowed(*principal); allowed.limit > 0) {
    response->headers.emplace_back("X-RateLimit-Limit", fmt::format("{:.0f}", allowed.limit));
    response->headers.emplace_back("X-RateLimit-Remaining",
                                   fmt::format("{:.0f}", std::floor(allowed.remaining)));
    response->headers.emplace_back("X-RateLimit-Reset",
                                   std::to_string(retry_seconds(allowed.reset).count()));
  }
  co_return std::move(response);
}

ordered_json Router::operation_of(const Route& route) const {
  ordered_json operation{{"summary", route.summary}, {"parameters", ordered_json::array()}};
  for (const Pattern::Part& part : pattern_of(route.path).parts) {
    if (!part.is_variable) continue;
    const auto described = variables_.find(part.text);
    operation["parameters"].push_back(
        {{"name", part.text},
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
  if (route.other_answer_type != nullptr) {
    content[route.other_answer_type] = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
  }
  if (route.sends_events) content["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  ordered_json& good = operation["responses"][std::to_string(route.success)];
  good = {{"description", "Done"}};
  if (!content.empty()) good["content"] = std::move(content);
  std::vector<int> errors = route.errors;
  errors.push_back(400);  // for a target that is no text
  if (!route.body.is_null()) errors.insert(errors.end(), {408, 413});
  if (!route.is_open) errors.push_back(401);
  if (route.starts_runs) errors.insert(errors.end(), {429, 503});
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
  for (const auto& [pattern, route] : routes_) {
    if (!route.is_documented) continue;
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    std::string path = route.path;
    if (const auto dots = path.find("...}"); dots != path.npos) path.erase(dots, 3);
    document["paths"][path][method] = operation_of(route);
  }
  return document;
}

}  // namespace skerry::http
