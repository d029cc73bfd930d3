// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace skerry::wasi {

/// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong
/// forms.
bool is_utf8(std::string_view text);

}  // namespace skerry::wasi
