// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry {

/// How many bytes `text` stands for, if it is base64. For a look before it is decoded.
std::size_t base64_size(std::string_view text);

/// The bytes that `text` stands for: RFC 4648 base64 with its padding, and nothing else, no white
/// space either. kInvalidArgument for any other text.
Result<std::string> decode_base64(std::string_view text);

}  // namespace skerry
