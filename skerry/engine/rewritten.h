// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs, names and all.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
struct skerry_bytes {
  std::uint8_t* start;
  std::size_t length;
};
void skerry_bytes_free(skerry_bytes bytes);
}
// NOLINTEND(readability-identifier-naming)

namespace skerry::engine {

/// Rewrites a module by a text; answers whether `result` is the module or an error's text.
using Rewrite = bool(const std::uint8_t* module, std::size_t module_length,
                     const std::uint8_t* text, std::size_t text_length, skerry_bytes* result);

/// What `rewrite` makes of `module`; kInvalidArgument with `context` before what it says.
inline Result<std::vector<std::byte>> rewritten(Rewrite& rewrite, std::span<const std::byte> module,
                                                std::string_view text, std::string_view context) {
  skerry_bytes raw{};
  const bool is_module =
      rewrite(reinterpret_cast<const std::uint8_t*>(module.data()), module.size(),
              reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), &raw);
  const auto* first = reinterpret_cast<const std::byte*>(raw.start);
  std::vector<std::byte> bytes(first, first + raw.length);
  skerry_bytes_free(raw);
  if (!is_module) {
    return absl::InvalidArgumentError(std::string(context) + std::string(as_text(bytes)));
  }
  return bytes;
}

}  // namespace skerry::engine
