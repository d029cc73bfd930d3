// SPDX-License-Identifier: Apache-2.0
// Bodies and targets as clients may write them: what is taken is UTF-8 throughout, bounded, and a
// run within its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/api/run_order.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/utf8.h"
#include "skerry/http/message.h"
#include "skerry/shannon/json_struct.h"

static const skerry::api::RunDecoder kDecoder{skerry::api::RunRules()};

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skerry::shannon::json_of;
  using skerry::shannon::struct_of;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool is_query : {false, true}) {
    const auto plain = skerry::http::decoded(text, is_query);
    if (plain && (plain->size() > size || !skerry::is_utf8(*plain))) std::abort();
  }
  if (!skerry::is_utf8(skerry::to_utf8(text))) std::abort();
  const auto parsed = skerry::parse_json_object(text, "the body");
  if (!parsed.ok()) return 0;
  if (!parsed->is_object() || !skerry::is_utf8(parsed->dump())) std::abort();
  (void)json_of(struct_of(*parsed));
  const auto order = kDecoder.decode(*parsed);
  if (order.ok() && !order->request.limits.check().ok()) std::abort();
  return 0;
}
