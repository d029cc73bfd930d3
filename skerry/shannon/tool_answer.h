// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/http/message.h"
#include "skerry/tool/tool.h"

/// Results of tools as HTTP responses.
namespace skerry::shannon {

/// An error as it goes out, as a response or as an event. A value.
struct Fault {
  int status = 500;  ///< of HTTP
  nlohmann::ordered_json body = {};
  std::optional<std::chrono::milliseconds> retry_after = {};
};
/// The fault of a call that came to nothing; none for one whose result says what happened.
std::optional<Fault> fault_of(const tool::ToolResult& result);
/// The fault for a failure of ours.
Fault fault_of(const Status& status);
http::Response response_of(Fault fault);

/// A call's result as Shannon's tools give it.
nlohmann::ordered_json result_json(const tool::ToolResult& result);

double milliseconds(std::chrono::nanoseconds time);

}  // namespace skerry::shannon
