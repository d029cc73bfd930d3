// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace skerry {

/// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong
/// forms.
bool is_utf8(std::string_view text);

/// `bytes` as UTF-8: what is ill-formed in them becomes U+FFFD, one for each byte of it.
std::string to_utf8(std::string_view bytes);

/// The same of bytes that come in pieces, which may end within a character. Confined to one thread.
class Utf8Stream {
 public:
  /// What can be told of all that came so far, and was not yet.
  std::string take(std::string_view piece);
  /// What was held back because more might have come.
  std::string finish();

 private:
  std::string held_;  // the beginning of a character, at most three bytes
};

}  // namespace skerry
