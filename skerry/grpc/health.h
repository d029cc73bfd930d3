// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "skerry/grpc/server.h"
#include "skerry/grpc/service.h"

#include "grpc/health/v1/health.pb.h"

namespace skerry::grpc {

/// The standard health service: the whole server under the empty name, and each service of `server`
/// under its own. Open to everyone.
class Health final : public Service {
 public:
  /// `is_ready` is asked on the event loop; with the server it must outlive this.
  Health(const Server& server, std::function<bool()> is_ready);

 private:
  using Response = ::grpc::health::v1::HealthCheckResponse;
  Response::ServingStatus status_of(const std::string& service) const;
  Work watch(Call& call, std::string service, Writer<Response>& writer) const;

  const Server& server_;
  std::function<bool()> is_ready_;
};

}  // namespace skerry::grpc
