// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/session_title.h"

#include <cstdint>

namespace skerry::shannon {
namespace {

/// The characters of UTF-8 text, each as the bytes that it has.
std::string_view next_character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return text.substr(0, size);
}

std::uint32_t code_point_of(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t value = first & (0x7FU >> character.size());
  for (const char each : character.substr(1)) {
    value = value << 6 | (static_cast<unsigned char>(each) & 0x3FU);
  }
  return value;
}

/// Control characters, and those that are nothing to see: the zero-width space, a byte order mark.
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x200B || code == 0xFEFF;
}

/// Unicode's white space that is no control character.
bool is_white_space(std::uint32_t code) {
  return code == 0x20 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

}  // namespace

Result<std::string> session_title_of(std::string_view text) {
  std::string title;
  std::size_t characters = 0;
  // Of `title` up to the last character that is no white space.
  std::size_t visible_bytes = 0;
  std::size_t visible_characters = 0;
  while (!text.empty()) {
    const std::string_view character = next_character(text);
    text.remove_prefix(character.size());
    const std::uint32_t code = code_point_of(character);
    if (is_control(code) || (title.empty() && is_white_space(code))) continue;
    title += character;
    ++characters;
    if (is_white_space(code)) continue;
    visible_bytes = title.size();
    visible_characters = characters;
  }
  title.resize(visible_bytes);
  if (title.empty()) {
    return absl::InvalidArgumentError(
        "title has no characters besides white space and control characters, expected 1 to 60");
  }
  if (visible_characters > kMaxSessionTitle) {
    return absl::InvalidArgumentError("title has " + std::to_string(visible_characters) +
                                      " characters, expected 1 to 60");
  }
  return title;
}

nlohmann::ordered_json session_title_schema() {
  // Left out, white space around, and what stands in between: the same as above.
  const std::string control = R"(\u0000-\u001f\u007f-\u009f\u200b\ufeff)";
  const std::string space = R"( \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000)";
  const std::string around = "[" + control + space + "]*";
  return {{"type", "string"},
          {"pattern", "^" + around + "[^" + control + space + "]([" + control + "]*[^" + control +
                          "]){0,59}" + around + "$"}};
}

}  // namespace skerry::shannon
