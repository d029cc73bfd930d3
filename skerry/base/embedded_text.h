// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace skerry {

/// A file of the project as it was at build time (cmake/EmbedText.cmake): its name without the
/// extension.
struct EmbeddedText {
  std::string_view name;
  std::string_view text;
};

}  // namespace skerry
