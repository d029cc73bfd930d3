// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <grpcpp/security/server_credentials.h>

#include "skerry/service/tls.h"

namespace skerry::service {

/// Credentials for one port of a gRPC server: what `tls` has when a client connects, so that a
/// change needs no new port. They must outlive the server.
std::shared_ptr<grpc::ServerCredentials> credentials_of(std::shared_ptr<const Tls> tls);

}  // namespace skerry::service
