// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <grpcpp/server_context.h>

#include "skerry/access/gate.h"
#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::service {

/// Who makes a gRPC call: the key is in the metadata `x-api-key`, or `authorization` as a bearer.
/// kUnauthenticated when that is none. On the loop.
Result<tool::Caller> caller_of(const access::Gate& gate, const grpc::ServerContextBase& context);

/// The same, and whether the caller may start something now. When not, the trailing metadata
/// `retry-after` has the seconds until it is worth asking again.
Result<tool::Caller> admitted(access::Gate& gate, grpc::ServerContextBase& context);

}  // namespace skerry::service
