// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/tune.h"

#include "skerry/engine/rewritten.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" bool skerry_tune(const std::uint8_t* module, std::size_t module_length,
                            const std::uint8_t* profile, std::size_t profile_length,
                            skerry_bytes* result);

namespace skerry::engine {

Result<std::vector<std::byte>> tune(std::span<const std::byte> module, std::string_view profile) {
  return rewritten(skerry_tune, module, profile, "cannot tune: ");
}

}  // namespace skerry::engine
