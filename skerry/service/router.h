// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/gate.h"
#include "skerry/service/http_message.h"

namespace skerry::service {

/// What a request may say in its query or in a header.
struct RouteParameter {
  std::string name;
  nlohmann::ordered_json schema = {{"type", "string"}, {"pattern", R"(^[^\x00]*$)"}};
  bool is_required = false;
  bool is_header = false;

  // A text of the query, which is what most are.
  RouteParameter(const char* text) : name(text) {}  // NOLINT(google-explicit-constructor)
  RouteParameter(const char* text, const nlohmann::ordered_json& form) : name(text), schema(form) {}

  RouteParameter required() && {
    is_required = true;
    return std::move(*this);
  }
  RouteParameter in_header() && {
    is_header = true;
    return std::move(*this);
  }
};

/// What one method of one path does, as the document tells it and as requests reach it.
struct Route {
  std::string method;                        ///< "GET", "POST"
  std::string path;                          ///< "/tools/{tool}/schema"
  std::string summary;                       ///< a line
  nlohmann::ordered_json body = nullptr;     ///< JSON Schema of the request's body; null: none
  nlohmann::ordered_json answer = nullptr;   ///< JSON Schema of a good answer; null: it has no body
  std::vector<int> errors = {};              ///< statuses of other answers
  std::vector<RouteParameter> queries = {};  ///< what else it understands
  int success = 200;                         ///< status of a good answer
  bool may_lack_body = false;
  bool sends_events = false;  ///< on request, the answer is text/event-stream
  bool is_open = false;       ///< to anybody, without a key
  bool is_metered = false;    ///< starts something: rates and quotas count it
  const char* body_type = "application/json";
  const char* answer_type = "application/json";  ///< others have no schema
  HttpHandler handler = {};
};

/// Finds the route of a request. Confined to the loop's thread.
class Router {
 public:
  void add(Route route);

  /// What paths hold where a route names this variable, as the document tells it; by default any
  /// text.
  void describe(std::string variable, nlohmann::ordered_json schema) {
    variables_[std::move(variable)] = std::move(schema);
  }

  /// From now on requests are `gate`'s to let in; it must outlive this.
  void guard(access::Gate& gate) { gate_ = &gate; }

  /// Whether nobody needs a key here.
  bool is_open() const { return gate_ == nullptr || gate_->is_open(); }
  /// What is answered to who shows no key, or one that is none; none when it is good.
  std::optional<HttpResponse> refusal_of(std::string_view api_key) const;

  /// Fills the request's variables and caller in and calls the route's handler; 401, 404, 405 and
  /// 429 by itself.
  boost::asio::awaitable<std::optional<HttpResponse>> handle(HttpRequest request,
                                                             EventStream& events) const;

  /// The routes as OpenAPI 3.1.
  nlohmann::ordered_json document(const std::string& version) const;

 private:
  nlohmann::ordered_json operation_of(const Route& route) const;
  boost::asio::awaitable<std::optional<HttpResponse>> guarded(const Route& route,
                                                              HttpRequest request,
                                                              EventStream& events) const;

  access::Gate* gate_ = nullptr;
  std::vector<Route> routes_;
  std::map<std::string, nlohmann::ordered_json, std::less<>> variables_;  // by name
};

}  // namespace skerry::service
