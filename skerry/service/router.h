// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/gate.h"
#include "skerry/service/http_message.h"

namespace skerry::service {

/// What one method of one path does, as the document tells it and as requests reach it.
struct Route {
  std::string method;                       ///< "GET", "POST"
  std::string path;                         ///< "/tools/{tool}/schema"
  std::string summary;                      ///< a line
  nlohmann::ordered_json body = nullptr;    ///< JSON Schema of the request's body; null: none
  nlohmann::ordered_json answer = nullptr;  ///< JSON Schema of the answer with status 200
  std::vector<int> errors = {};             ///< statuses besides 200 that it answers with
  std::vector<std::string> queries = {};    ///< names in the query that it understands
  bool sends_events = false;                ///< on request, the answer is text/event-stream
  bool is_open = false;                     ///< to anybody, without a key
  bool is_metered = false;                  ///< starts something: rates and quotas count it
  const char* body_type = "application/json";
  const char* answer_type = "application/json";  ///< others have no schema
  HttpHandler handler = {};
};

/// Finds the route of a request. Confined to the loop's thread.
class Router {
 public:
  void add(Route route);

  /// From now on requests are `gate`'s to let in; it must outlive this.
  void guard(access::Gate& gate) { gate_ = &gate; }

  /// Fills the request's variables and caller in and calls the route's handler; 401, 404, 405 and
  /// 429 by itself.
  boost::asio::awaitable<std::optional<HttpResponse>> handle(HttpRequest request,
                                                             EventStream& events) const;

  /// The routes as OpenAPI 3.1.
  nlohmann::ordered_json document(const std::string& version) const;

 private:
  boost::asio::awaitable<std::optional<HttpResponse>> guarded(const Route& route,
                                                              HttpRequest request,
                                                              EventStream& events) const;

  access::Gate* gate_ = nullptr;
  std::vector<Route> routes_;
};

}  // namespace skerry::service
