// SPDX-License-Identifier: Apache-2.0
// Expressions of callers', which are evaluated on the event loop: any text is a number or refused,
// at once.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "skerry/tool/arithmetic/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)skerry::tool::evaluate({reinterpret_cast<const char*>(data), size});
  return 0;
}
