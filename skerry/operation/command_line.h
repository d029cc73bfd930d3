// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::operation {

/// One word of a command, without its quotes.
struct Word {
  std::string text;
  /// The same as a pattern for `files::Glob`: what was quoted stands for itself.
  std::string pattern;
};

/// Takes a command apart as a shell would: words between blanks, 'as it is', "quoted" and \x. There
/// is nothing else of a shell: no variables, no home directory, no comments.
///
/// Untrusted. kPermissionDenied ("… not allowed") for what a shell would take as more than one
/// command, wherever it stands: | ; && || > < $( ` and line ends; and for & outside quotes.
/// kInvalidArgument for an empty command, one without a closing quote, of more than 64 KiB or 1,000
/// words, and for what is not UTF-8 or has NUL in it.
Result<std::vector<Word>> parse_command_line(std::string_view text);

}  // namespace skerry::operation
