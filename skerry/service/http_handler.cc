// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_handler.h"

#include <utility>

#include "skerry/agent/request.h"

namespace skerry::service {

using boost::asio::awaitable;
using nlohmann::json;

namespace {

/// 429 or 503: it is worth asking again soon.
HttpResponse again_later(int status, std::string_view why) {
  HttpResponse response = error_response(status, why);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

HttpHandler at_once(std::function<HttpResponse(const HttpRequest&)> answer) {
  return [answer = std::move(answer)](HttpRequest request, EventStream&) -> awaitable<HttpAnswer> {
    co_return answer(request);
  };
}

HttpHandler with_body(BodyHandler handler) {
  return [handler = std::move(handler)](HttpRequest request,
                                        EventStream& events) -> awaitable<HttpAnswer> {
    auto body = parse_object(request.body);
    if (!body.ok()) co_return response_of(body.status());
    request.body.clear();
    json parsed = *std::move(body);
    co_return co_await handler(request, std::move(parsed), events);
  };
}

HttpResponse response_of(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
      return error_response(400, message_of(status));
    case StatusCode::kUnauthenticated:
      return error_response(401, message_of(status));
    case StatusCode::kPermissionDenied:
      return error_response(403, message_of(status));
    case StatusCode::kNotFound:
      return error_response(404, message_of(status));
    case StatusCode::kResourceExhausted:
      return again_later(429, message_of(status));
    case StatusCode::kFailedPrecondition:
    case StatusCode::kAlreadyExists:
    case StatusCode::kAborted:
      return error_response(409, message_of(status));
    case StatusCode::kUnimplemented:
      return error_response(501, message_of(status));
    case StatusCode::kUnavailable:
      return again_later(503, message_of(status));
    case StatusCode::kDeadlineExceeded:
      return error_response(504, message_of(status));
    default:
      return error_response(500, message_of(status));
  }
}

HttpAnswer fault_of(const tool::ToolResult& result) {
  switch (result.verdict) {
    case tool::Verdict::kUnknownTool:
      return error_response(404, result.error);
    case tool::Verdict::kForbidden:
      return error_response(403, result.error);
    case tool::Verdict::kBusy:
      return again_later(429, result.error);
    case tool::Verdict::kBroken: {
      // What the program said is not lost, though what it left may be.
      nlohmann::ordered_json told{{"error", result.error}};
      if (!result.output.is_null()) told.update(result_json(result));
      return json_response(told, 500);
    }
    default:
      return std::nullopt;
  }
}

nlohmann::ordered_json result_json(const tool::ToolResult& result) {
  nlohmann::ordered_json told{
      {"success", result.succeeded()},         {"output", result.output},
      {"text", agent::text_of(result.output)}, {"error", nullptr},
      {"metadata", result.metadata},           {"execution_time_ms", milliseconds(result.took)}};
  if (!result.error.empty()) told["error"] = result.error;
  return told;
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace skerry::service
