// SPDX-License-Identifier: Apache-2.0
// Untrusted JSON: what the parser takes is what the library's own parser makes of it, within the
// limits, and prints as UTF-8.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = skerry::parse_json(text, "it", {.depth = 8, .values = 100});
  if (!parsed.ok()) {
    if (!skerry::is_utf8(skerry::message_of(parsed.status()))) std::abort();
    return 0;
  }
  if (*parsed != nlohmann::json::parse(text)) std::abort();
  if (!skerry::is_utf8(skerry::dump_json(*parsed))) std::abort();
  return 0;
}
