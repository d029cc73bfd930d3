// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"

namespace skerry::files {

/// A replacement of text by other text. Borrows both. Untrusted.
struct TextEdit {
  enum class Which { kFirst, kAll };
  std::string_view old_text;  ///< not empty
  std::string_view new_text;
  Which which = Which::kFirst;
};

struct EditedText {
  std::string text;
  std::size_t replacements = 0;
  std::string snippet;  ///< the first replacement with two lines around it, 2,000 bytes at most
};

/// kInvalidArgument for an empty old text; kFailedPrecondition when it is not there;
/// kResourceExhausted when what comes out is longer than `most` bytes; else as the deadline. Takes
/// time in proportion to the text.
Result<EditedText> edited(std::string_view text, const TextEdit& edit, std::size_t most,
                          Deadline& deadline);

}  // namespace skerry::files
