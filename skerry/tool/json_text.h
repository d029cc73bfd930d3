// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::tool {

/// One line of JSON. What is no UTF-8 in it (a guest's words, a file's name) shows as U+FFFD.
inline std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// Untrusted text as an object, at most 64 levels deep and without a name given twice.
/// kInvalidArgument otherwise, in a message that calls the text `what`: "the body".
Result<nlohmann::json> parse_object(std::string_view text, std::string_view what);

}  // namespace skerry::tool
