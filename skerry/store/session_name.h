// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::store {

/// A session's name: 1 to 128 letters, digits, dots, colons, hyphens and underscores; no dot in
/// front, no two in a row. A checked value.
class SessionName {
 public:
  /// kInvalidArgument, saying what a name may be.
  static Result<SessionName> parse(std::string_view text);
  const std::string& text() const { return text_; }
  auto operator<=>(const SessionName&) const = default;

 private:
  explicit SessionName(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace skerry::store
