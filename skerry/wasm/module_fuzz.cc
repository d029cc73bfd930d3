// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "skerry/wasm/command.h"
#include "skerry/wasm/hollow.h"

// Any bytes are read, checked and walked. What is hollowed can be hollowed again, which changes
// nothing but that our exports are in the way; its segments lie in the module.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  using namespace skerry::wasm;
  const auto bytes = std::as_bytes(std::span(data, size));
  (void)check_command(bytes, {}, {});
  const auto limits = ModuleLimits::bundled_runtime();
  const auto hollowed = hollow(bytes, limits);
  if (!hollowed.ok()) return 0;
  for (const MemorySegment& each : hollowed->segments) {
    if (each.bytes.data() < bytes.data() ||
        each.bytes.data() + each.bytes.size() > bytes.data() + size) {
      std::abort();
    }
  }
  const auto again = hollow(hollowed->bytes, limits);
  const bool is_refused = again.status().code() == StatusCode::kInvalidArgument &&
                          message_of(again.status()).ends_with("a name that is reserved");
  if (again.ok() ? !again->segments.empty() || again->bytes != hollowed->bytes : !is_refused) {
    std::abort();
  }
  return 0;
}
