// SPDX-License-Identifier: Apache-2.0
// What a server answers where a service's status should be: whatever is taken has finite numbers,
// and can be told.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/base/formats/json_text.h"
#include "skerry/metrics/sample.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;  // NOLINT(google-build-using-namespace)
  const auto status = parse_json_object({reinterpret_cast<const char*>(data), size}, "the status");
  if (!status.ok()) return 0;
  const auto sample = metrics::Sample::of(*status, {});
  if (!sample.ok()) return 0;
  if (!std::isfinite(sample->memory + sample->waiting) || sample->tenants.size() > 101) {
    std::abort();
  }
  (void)dump_json(metrics::document_of(*sample, *sample, "url"));
  return 0;
}
