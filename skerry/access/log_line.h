// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/tool/tool.h"

// What logs consist of: a JSON object a line.

namespace skerry::access {

/// Now, as "2026-01-31T12:00:00.000Z".
std::string log_time();

/// Who called what, and how it ended: never code, input, output or keys.
nlohmann::ordered_json call_line(const tool::Caller& caller, std::string_view tool,
                                 const tool::ToolResult& result);

}  // namespace skerry::access
