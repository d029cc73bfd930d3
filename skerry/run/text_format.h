// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::run {

/// What a text of a request must be, where a field's options name it as its format.
struct TextFormat {
  std::string_view name;          ///< in the options
  nlohmann::ordered_json schema;  ///< what a JSON Schema says of it, beside that it is a text
  /// kInvalidArgument, saying what it must be.
  Status (*check)(const std::string& text);
};

/// Null when there is none of this name.
const TextFormat* find_text_format(std::string_view name);

}  // namespace skerry::run
