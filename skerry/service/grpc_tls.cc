// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/grpc_tls.h"

#include <mutex>
#include <string>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

namespace skerry::service {
namespace {

/// gRPC asks for the certificates at every handshake, but only its C interface can say so: the one
/// for C++ takes them once, or watches files by itself and does not survive broken ones.
class WatchedCredentials final : public grpc::ServerCredentials {
 public:
  explicit WatchedCredentials(std::shared_ptr<const Tls> tls) : tls_(std::move(tls)) {}

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    const bool asks_clients = !tls_->identity()->certificates.client_ca.empty();
    auto* options = grpc_ssl_server_credentials_create_options_using_config_fetcher(
        asks_clients ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                     : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        fetch, this);
    grpc_server_credentials* credentials = grpc_ssl_server_credentials_create_with_options(options);
    const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
  }

  /// On gRPC's threads.
  static grpc_ssl_certificate_config_reload_status fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    auto& credentials = *static_cast<WatchedCredentials*>(self);
    const std::lock_guard lock(credentials.mutex_);
    auto now = credentials.tls_->identity();
    if (now == credentials.last_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const access::Certificates& certificates = now->certificates;
    const grpc_ssl_pem_key_cert_pair pair{certificates.key.c_str(), certificates.chain.c_str()};
    // It wants authorities of clients in any case; where it asks for no certificate they do
    // nothing.
    const std::string& authorities =
        certificates.client_ca.empty() ? certificates.chain : certificates.client_ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    credentials.last_ = std::move(now);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<const Tls> tls_;
  std::mutex mutex_;
  std::shared_ptr<const Tls::Identity> last_;  // guarded by mutex_
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> credentials_of(std::shared_ptr<const Tls> tls) {
  return std::make_shared<WatchedCredentials>(std::move(tls));
}

}  // namespace skerry::service
