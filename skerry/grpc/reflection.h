// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "skerry/grpc/server.h"
#include "skerry/grpc/service.h"

namespace skerry::grpc {

/// Server reflection, version v1 and v1alpha: the services of `server`, which must outlive them,
/// and the messages that they use.
std::vector<std::unique_ptr<Service>> reflection_services(const Server& server);

}  // namespace skerry::grpc
