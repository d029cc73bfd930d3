// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/patch.h"

#include "skerry/engine/rewritten.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" bool skerry_patch(const std::uint8_t* module, std::size_t module_length,
                             const std::uint8_t* text, std::size_t text_length,
                             skerry_bytes* result);

namespace skerry::engine {

Result<std::vector<std::byte>> patch(std::span<const std::byte> module, std::string_view text) {
  return rewritten(skerry_patch, module, text, "cannot patch: ");
}

}  // namespace skerry::engine
