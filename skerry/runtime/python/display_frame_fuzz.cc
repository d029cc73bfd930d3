// SPDX-License-Identifier: Apache-2.0
// Any bytes as a value that a guest shows: what is taken keeps the rules.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/runtime/python/display_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto display = skerry::runtime::python::parse_display_frame(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (display.ok() && !display->check().ok()) std::abort();
  return 0;
}
