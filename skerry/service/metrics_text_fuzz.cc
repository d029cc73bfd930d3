// SPDX-License-Identifier: Apache-2.0
// What a server answers where its metrics should be: what is taken has names and bounded labels.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/base/utf8.h"
#include "skerry/service/metrics_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = skerry::service::parse_metrics(text);
  if (!lines.ok()) return 0;
  for (const auto& line : *lines) {
    if (line.name.empty() || line.labels.size() > 16) std::abort();
    for (const auto& [name, value] : line.labels) {
      if (name.empty() || !skerry::is_utf8(value)) std::abort();
    }
  }
  return 0;
}
