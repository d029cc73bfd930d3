// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/service/http_message.h"
#include "skerry/tool/tool.h"

/// What handlers of HTTP requests have in common.
namespace skerry::service {

using HttpAnswer = std::optional<HttpResponse>;

/// A handler that answers at once.
HttpHandler at_once(std::function<HttpResponse(const HttpRequest&)> answer);

/// A handler of a body that is an object; any other body is answered with 400.
using BodyHandler = std::function<boost::asio::awaitable<HttpAnswer>(
    const HttpRequest& request, nlohmann::json body, EventStream& events)>;
HttpHandler with_body(BodyHandler handler);

/// The response that tells a failure: the one place where our codes become HTTP's.
HttpResponse response_of(const Status& status);

/// The response of a call that came to nothing; none for one whose result tells.
HttpAnswer fault_of(const tool::ToolResult& result);

/// A call's result as Shannon's tools tell it.
nlohmann::ordered_json result_json(const tool::ToolResult& result);

double milliseconds(std::chrono::nanoseconds time);

/// A text member of an object; empty when it is missing or none.
std::string text_at(const nlohmann::json& object, const char* name);

}  // namespace skerry::service
