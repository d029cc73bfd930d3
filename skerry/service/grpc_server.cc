// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/grpc_server.h"

#include <algorithm>
#include <cstdlib>

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "skerry/service/grpc_tls.h"

namespace skerry::service {
namespace {

// A module of 50 MiB in base64, and what is around it.
constexpr int kMaxMessage = 70 << 20;
// As over HTTP; gRPC's own is two minutes.
constexpr int kHandshakeMs = 10'000;

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(const std::vector<Address>& addresses,
                                                      const std::vector<grpc::Service*>& services,
                                                      const std::shared_ptr<const Tls>& tls) {
  // It would speak to standard error by itself; what matters is in the status.
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  google::protobuf::SetLogHandler(nullptr);  // a client's malformed message is no news
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::unique_ptr<GrpcServer>(new GrpcServer);
  server->ports_.resize(addresses.size());
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.SetMaxSendMessageSize(kMaxMessage);
  // Two servers on one port would share its clients.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    server->credentials_.push_back(tls ? credentials_of(tls) : grpc::InsecureServerCredentials());
    builder.AddListeningPort(addresses[i].text(), server->credentials_.back(), &server->ports_[i]);
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  const auto& ports = server->ports_;
  if (server->server_ && std::find(ports.begin(), ports.end(), 0) == ports.end()) return server;
  std::string all;
  for (const Address& address : addresses) all += (all.empty() ? "" : ", ") + address.text();
  return absl::UnavailableError("cannot listen on " + all +
                                ": in use by another program, or not an address of this machine; "
                                "`--grpc HOST:PORT` and `--orchestrator HOST:PORT` take others");
}

void GrpcServer::stop(std::chrono::milliseconds grace) {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
}

GrpcServer::~GrpcServer() { stop(std::chrono::milliseconds(0)); }

}  // namespace skerry::service
