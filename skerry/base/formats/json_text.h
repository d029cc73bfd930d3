// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry {

/// The most that an untrusted JSON text may hold. The caller limits its bytes. A value.
struct JsonLimits {
  std::size_t depth = 64;         ///< nested objects and arrays
  std::size_t values = 100'000;   ///< of any kind; about 100 bytes of memory each
  std::size_t name_bytes = 4096;  ///< of a member's name
};

/// Parses untrusted text in linear time. kInvalidArgument, in a message that calls the text `what`
/// ("the body"), when it is not JSON, exceeds a limit, or has an object with a name twice.
Result<nlohmann::json> parse_json(std::string_view text, std::string_view what,
                                  const JsonLimits& limits = {});

/// The same for a text that must be an object.
Result<nlohmann::json> parse_json_object(std::string_view text, std::string_view what,
                                         const JsonLimits& limits = {});

/// One line of JSON. Bytes that are not UTF-8 (guest output, file names) become U+FFFD.
std::string dump_json(const nlohmann::ordered_json& json);

}  // namespace skerry
