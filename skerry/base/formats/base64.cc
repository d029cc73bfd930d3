// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/base64.h"

#include "absl/strings/escaping.h"

namespace skerry {
namespace {

std::size_t padding_of(std::string_view text) {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

}  // namespace

std::size_t base64_size(std::string_view text) {
  return text.size() / 4 * 3 - (text.size() < 4 ? 0 : padding_of(text));
}

Result<std::string> decode_base64(std::string_view text) {
  // The library takes white space, dots for padding, and no padding at all.
  constexpr std::string_view kNotOurs = " \t\r\n\v\f.";
  std::string bytes;
  if (text.size() % 4 != 0 || text.find_first_of(kNotOurs) != text.npos ||
      !absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes) ||
      bytes.size() != base64_size(text)) {
    return absl::InvalidArgumentError("text of " + std::to_string(text.size()) +
                                      " characters is no base64");
  }
  return bytes;
}

}  // namespace skerry
