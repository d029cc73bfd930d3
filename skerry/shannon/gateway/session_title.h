// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::shannon {

/// The most characters of a session's title.
inline constexpr std::size_t kMaxSessionTitle = 60;

/// A title as it is kept: `text`, which is UTF-8, without control characters and without white
/// space around it. kInvalidArgument when that has no characters, or more than 60.
Result<std::string> session_title_of(std::string_view text);
/// The schema of texts that `session_title_of` takes.
nlohmann::ordered_json session_title_schema();

}  // namespace skerry::shannon
