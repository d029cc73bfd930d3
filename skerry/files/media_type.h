// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace skerry::files {

/// The MIME type that a file's name tells by its ending; "application/octet-stream" for others.
/// Types and endings are those of IANA's registry, as far as programs commonly write them.
std::string_view media_type_of(std::string_view name);

}  // namespace skerry::files
