// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/http/router.h"
#include "skerry/http/test_events.h"
#include "skerry/tool/test_call.h"

/// For tests only.
namespace skerry::tool::testing {

/// An answer to a request whose body is JSON.
struct Answer {
  int status = 0;  ///< 0: events alone
  nlohmann::json body = nullptr;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Asks routes without a server; what they stream goes to `sent`.
inline Answer ask(const http::Router& router, http::testing::KeptEvents& sent,
                  const std::string& method, const std::string& path, const nlohmann::json& body,
                  bool wants_events) {
  http::Request request;
  request.method = method;
  request.path = path;
  if (!body.is_null()) request.body = body.dump();
  request.wants_events = wants_events;
  auto response = finish(router.answer(router.match(method, path), std::move(request), sent));
  if (!response) return {};
  return {.status = response->status,
          .body = nlohmann::json::parse(response->body),
          .headers = response->headers};
}

}  // namespace skerry::tool::testing
