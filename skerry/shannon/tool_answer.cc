// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/tool_answer.h"

#include <utility>

#include "skerry/agent/request.h"
#include "skerry/base/retry_after.h"

namespace skerry::shannon {

using nlohmann::json;

std::optional<Fault> fault_of(const tool::ToolResult& result) {
  const auto fault = [&](int status) {
    return Fault{.status = status, .body = {{"error", result.error}}};
  };
  switch (result.verdict) {
    case tool::Verdict::kUnknownTool:
      return fault(404);
    case tool::Verdict::kForbidden:
      return fault(403);
    case tool::Verdict::kBusy:
    case tool::Verdict::kUnavailable: {
      Fault busy = fault(result.verdict == tool::Verdict::kBusy ? 429 : 503);
      busy.retry_after = result.retry_after;
      return busy;
    }
    case tool::Verdict::kBroken: {
      Fault broken = fault(500);
      // The program's output is not lost, though what it left may be.
      if (!result.output.is_null()) broken.body.update(result_json(result));
      return broken;
    }
    default:
      return std::nullopt;
  }
}

Fault fault_of(const Status& status) {
  return {.status = http::response_of(status).status,
          .body = {{"error", message_of(status)}},
          .retry_after = retry_after(status)};
}

http::Response response_of(Fault fault) {
  http::Response response = http::json_response(std::move(fault.body), fault.status);
  const bool is_temporary = fault.status == 429 || fault.status == 503;
  if (fault.retry_after || is_temporary) {
    const auto wait = retry_seconds(fault.retry_after.value_or(std::chrono::seconds(1)));
    response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  }
  return response;
}

nlohmann::ordered_json result_json(const tool::ToolResult& result) {
  nlohmann::ordered_json body{
      {"success", result.succeeded()},         {"output", result.output},
      {"text", agent::text_of(result.output)}, {"error", nullptr},
      {"metadata", result.metadata},           {"execution_time_ms", milliseconds(result.took)}};
  if (!result.error.empty()) body["error"] = result.error;
  return body;
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace skerry::shannon
