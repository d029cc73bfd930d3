// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace skerry::files {

enum class LetterCase { kKept, kIgnored };

/// Whether `pattern` matches all of `name`: '*' any characters, '?' one, "[a-z]" one of these and
/// "[!a-z]" one of the others; a backslash takes the meaning from what follows. A bracket without
/// its end stands for itself. Takes no more steps than the product of both lengths, whatever the
/// pattern. kIgnored looks away from the case of ASCII letters.
bool glob_matches(std::string_view pattern, std::string_view name,
                  LetterCase letters = LetterCase::kKept);

/// Whether there is anything in it that is not to be taken as it is.
bool is_glob(std::string_view pattern);

}  // namespace skerry::files
