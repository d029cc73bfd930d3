// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace skerry::mcp {

/// Lists that are answered in parts. A cursor is where the next part begins. A value.
struct Page {
  std::size_t size = 100;

  /// Where the part begins that an untrusted cursor asks for, null being the first; none for what
  /// is no cursor of ours.
  std::optional<std::size_t> start(const nlohmann::json& cursor) const {
    if (cursor.is_null()) return 0;
    if (!cursor.is_string()) return std::nullopt;
    const auto& text = cursor.get_ref<const std::string&>();
    std::size_t from = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, from);
    const bool is_ours = error == std::errc() && end == last && from > 0 && from % size == 0;
    return is_ours ? std::optional(from) : std::nullopt;
  }

  struct Range {
    std::ptrdiff_t begin = 0;
    std::ptrdiff_t end = 0;
    std::optional<std::string> next = {};  ///< the cursor for what follows; none: nothing does
  };
  /// The part of a list of `count` that begins at `from`.
  Range range(std::size_t from, std::size_t count) const {
    from = std::min(from, count);
    const std::size_t end = std::min(from + size, count);
    Range range{.begin = static_cast<std::ptrdiff_t>(from),
                .end = static_cast<std::ptrdiff_t>(end)};
    if (end < count) range.next = std::to_string(end);
    return range;
  }
};

}  // namespace skerry::mcp
