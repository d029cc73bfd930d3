// SPDX-License-Identifier: Apache-2.0
// Requests of Shannon's agent core as clients may send them: what Protobuf takes becomes JSON that
// is UTF-8 throughout, and parameters that are checked as any.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "skerry/api/run_order.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/utf8.h"
#include "skerry/shannon/json_struct.h"

#include "shannon/agent.pb.h"

static const skerry::api::RunDecoder kDecoder{skerry::api::RunRules()};

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skerry::shannon::json_of;
  using skerry::shannon::struct_of;
  ::shannon::agent::ExecuteTaskRequest task;
  if (task.ParseFromArray(data, static_cast<int>(size))) {
    const nlohmann::json context = json_of(std::move(*task.mutable_context()));
    if (!context.is_object()) std::abort();
    if (!skerry::is_utf8(skerry::dump_json(context))) std::abort();
    (void)struct_of(context);
  }
  ::shannon::agent::ToolCallRequest call;
  if (call.ParseFromArray(data, static_cast<int>(size))) {
    const auto order = kDecoder.decode(json_of(std::move(*call.mutable_parameters())));
    if (order.ok() && !order->request.limits.check().ok()) std::abort();
  }
  return 0;
}
