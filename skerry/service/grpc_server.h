// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/server.h>
#include <grpcpp/support/config.h>

#include "skerry/base/status.h"
#include "skerry/service/address.h"
#include "skerry/service/tls.h"

namespace grpc {
class ServerCredentials;
class Service;
}  // namespace grpc

namespace skerry::service {

/// The gRPC listener, with server reflection and the standard health service.
class GrpcServer {
 public:
  /// Listens on every address, over TLS if there is `tls`. kUnavailable when one of them cannot be
  /// had. The services must outlive it.
  static Result<std::unique_ptr<GrpcServer>> start(const std::vector<Address>& addresses,
                                                   const std::vector<grpc::Service*>& services,
                                                   const std::shared_ptr<const Tls>& tls);
  ~GrpcServer();

  /// The ports it listens on, in the addresses' order.
  const std::vector<int>& ports() const { return ports_; }

  /// Takes no more calls, and waits until those under way have ended, or cancels them after
  /// `grace`. Not on the loop's thread: there they end.
  void stop(std::chrono::milliseconds grace);

 private:
  GrpcServer() = default;
  std::vector<std::shared_ptr<grpc::ServerCredentials>> credentials_;  // the server's
  std::unique_ptr<grpc::Server> server_;
  std::vector<int> ports_;
};

}  // namespace skerry::service
