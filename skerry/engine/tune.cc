// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/tune.h"

#include <cstdint>
#include <string>

#include "skerry/base/bytes.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs, names and all.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
struct skerry_bytes {
  std::uint8_t* start;
  std::size_t length;
};
bool skerry_tune(const std::uint8_t* module, std::size_t module_length, const std::uint8_t* profile,
                 std::size_t profile_length, skerry_bytes* result);
void skerry_bytes_free(skerry_bytes bytes);
}
// NOLINTEND(readability-identifier-naming)

namespace skerry::engine {

Result<std::vector<std::byte>> tune(std::span<const std::byte> module, std::string_view profile) {
  skerry_bytes raw{};
  const bool is_module =
      skerry_tune(reinterpret_cast<const std::uint8_t*>(module.data()), module.size(),
                  reinterpret_cast<const std::uint8_t*>(profile.data()), profile.size(), &raw);
  const auto* first = reinterpret_cast<const std::byte*>(raw.start);
  std::vector<std::byte> bytes(first, first + raw.length);
  skerry_bytes_free(raw);
  if (!is_module) {
    return absl::InvalidArgumentError("cannot tune: " + std::string(as_text(bytes)));
  }
  return bytes;
}

}  // namespace skerry::engine
