// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/grpc_gate.h"

#include <chrono>
#include <string>

#include "skerry/service/http_message.h"
#include "skerry/tool/trace.h"

namespace skerry::service {
namespace {

std::string_view metadata(const grpc::ServerContextBase& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

}  // namespace

Result<tool::Caller> caller_of(const access::Gate& gate, const grpc::ServerContextBase& context) {
  const std::string_view key = metadata(context, "x-api-key");
  SKERRY_ASSIGN(tool::Caller caller,
                gate.caller_of(!key.empty() ? key : bearer_in(metadata(context, "authorization"))));
  caller.request = request_id_of(metadata(context, "x-request-id"));
  caller.trace = tool::trace_for(metadata(context, "traceparent"));
  return caller;
}

Result<tool::Caller> admitted(access::Gate& gate, grpc::ServerContextBase& context) {
  SKERRY_ASSIGN(tool::Caller caller, caller_of(gate, context));
  const auto admission = gate.admit(caller);
  if (admission.status.ok()) return caller;
  context.AddTrailingMetadata(
      "retry-after",
      std::to_string(std::chrono::ceil<std::chrono::seconds>(admission.wait).count()));
  return admission.status;
}

}  // namespace skerry::service
