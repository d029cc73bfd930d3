// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/session_name.h"

#include <algorithm>

namespace skerry::store {

Result<SessionName> SessionName::parse(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= 128 && text.front() != '.' &&
                    text.find("..") == text.npos &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-' || c == '_';
                    });
  if (fits) return SessionName(text);
  return absl::InvalidArgumentError(
      "a session's name has 1 to 128 letters, digits, dots, colons, hyphens and underscores, no "
      "dot in "
      "front and no two dots in a row");
}

}  // namespace skerry::store
