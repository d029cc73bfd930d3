// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/authorizer.h"
#include "skerry/http/message.h"

namespace skerry::http {

/// A parameter of a request, in its query or in a header.
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

/// The largest body of a route that does not say otherwise.
inline constexpr std::size_t kDefaultMaxBody = std::size_t{4} << 20;
/// Of routes that take modules: one of 50 MiB in base64, and what is around it.
inline constexpr std::size_t kModuleMaxBody = std::size_t{70} << 20;

/// What one method of one path does, in the OpenAPI document and for requests.
struct Route {
  std::string method;                        ///< "GET", "POST"
  std::string path;                          ///< "/tools/{tool}/schema"; "{rest...}" at the end
  std::string summary;                       ///< a line
  nlohmann::ordered_json body = nullptr;     ///< JSON Schema of the request's body; null: none
  nlohmann::ordered_json answer = nullptr;   ///< JSON Schema of a good answer; null: it has no body
  std::vector<int> errors = {};              ///< statuses of other answers
  std::vector<RouteParameter> queries = {};  ///< further parameters
  int success = 200;                         ///< status of a good answer
  std::size_t max_body = kDefaultMaxBody;    ///< bytes; more is answered with 413
  bool may_lack_body = false;
  bool sends_events = false;  ///< on request, the answer is text/event-stream
  bool is_open = false;       ///< to everyone, without a key
  bool is_documented =
      true;  ///< in the OpenAPI document; false: of a protocol with a description of its own
  bool starts_runs = false;  ///< rates count them: answers have the headers X-RateLimit-*
  const char* body_type = "application/json";
  const char* answer_type = "application/json";  ///< others have no schema
  /// What a good answer is instead where `Accept` takes no JSON; null: nothing else.
  const char* other_answer_type = nullptr;
  bool needs_permission_to_run = false;  ///< of the key: else 403
  Handler handler = {};
};

/// Finds the route of a request. Confined to the event loop's thread.
class Router {
 public:
  void add(Route route);

  /// The schema of the values that routes' paths hold under this name, for the document; by default
  /// any text.
  void describe(std::string variable, nlohmann::ordered_json schema) {
    variables_[std::move(variable)] = std::move(schema);
  }

  /// Requests need a key from now on, unless their route is open. `authorizer` must outlive this.
  void guard(const access::Authorizer& authorizer) { authorizer_ = &authorizer; }

  /// Whether no request needs a key.
  bool is_open() const { return authorizer_ == nullptr || authorizer_->is_open(); }
  /// The answer to a missing or unknown key; none if the key is valid.
  std::optional<Response> unauthorized_response(std::string_view api_key) const;

  /// The same for a request from `peer`, which the authorizer hears of when it is refused.
  std::optional<Response> authorize(std::string_view api_key, std::string_view peer) const;

  /// The route that answers a request, or the response that says why there is none.
  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string> variables = {};
    Response refusal = {};
  };
  Match match(std::string_view method, std::string_view path) const;

  /// Checks the key, fills the request's variables and principal in, and calls the route's handler.
  /// Also answers where there is no route. A handler that throws is answered with 500.
  boost::asio::awaitable<std::optional<Response>> answer(Match match, Request request,
                                                         EventStream& events) const;

  /// The routes as OpenAPI 3.1.
  nlohmann::ordered_json document(const std::string& version) const;

 private:
  /// A route's path, taken apart once.
  struct Pattern {
    struct Part {
      std::string text;
      bool is_variable = false;
      bool is_rest = false;  ///< a variable for all that follows
    };
    std::vector<Part> parts;
    bool is_literal = true;
  };
  static Pattern pattern_of(std::string_view path);
  static bool matches(const Pattern& pattern, const std::vector<std::string_view>& parts,
                      std::map<std::string, std::string>& variables);
  nlohmann::ordered_json operation_of(const Route& route) const;
  boost::asio::awaitable<std::optional<Response>> guarded(const Route& route, Request request,
                                                          EventStream& events) const;

  const access::Authorizer* authorizer_ = nullptr;
  std::vector<std::pair<Pattern, Route>> routes_;
  std::map<std::string, nlohmann::ordered_json, std::less<>> variables_;  // by name
};

}  // namespace skerry::http
