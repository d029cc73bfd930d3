// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/tls/tls.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <openssl/ssl.h>

namespace skerry::http {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

// By preference.
constexpr std::array<unsigned char, 12> kProtocols{2,   'h', '2', 8,   'h', 't',
                                                   't', 'p', '/', '1', '.', '1'};
constexpr std::array<unsigned char, 6> kContext{'s', 'k', 'e', 'r', 'r', 'y'};
// What a handshake takes beside its signature: exchange of keys, hashes, a client's certificate.
constexpr std::chrono::microseconds kBesideSignature{150};

/// A client that offers protocols, but none of ours, would speak another.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, kProtocols.data(),
                            kProtocols.size(), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Who connects must show a certificate that one of these signed.
error_code ask_clients(ssl::context& context, const std::string& authorities) {
  error_code error;
  context.add_certificate_authority(asio::buffer(authorities), error);
  if (!error) {
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  }
  if (error) return error;
  // Clients with several certificates choose by the names that they are told.
  X509_STORE* store = SSL_CTX_get_cert_store(context.native_handle());
  const STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (authority != nullptr) SSL_CTX_add_client_CA(context.native_handle(), authority);
  }
  return error;
}

error_code fill(ssl::context& context, const Certificates& certificates) {
  SSL_CTX* native = context.native_handle();
  // What OpenSSL's macro for this does, but for its cast.
  SSL_CTX_ctrl(native, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections give their buffers back: thousands may be open.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // Without one, sessions of clients with certificates could not be taken up again.
  SSL_CTX_set_session_id_context(native, kContext.data(), kContext.size());
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  error_code error;
  context.use_certificate_chain(asio::buffer(certificates.chain), error);
  if (!error) {
    context.use_private_key(asio::buffer(certificates.key), ssl::context::pem, error);
  }
  if (!error && !certificates.client_ca.empty()) {
    error = ask_clients(context, certificates.client_ca);
  }
  return error;
}

}  // namespace

Result<std::shared_ptr<Tls::Identity>> Tls::load(const CertificateFiles& files) {
  SKERRY_ASSIGN(auto certificates, Certificates::read(files, std::chrono::system_clock::now()));
  try {
    auto identity = std::make_shared<Identity>(
        Identity{std::move(certificates), ssl::context(ssl::context::tls_server)});
    if (const error_code error = fill(identity->context, identity->certificates); error) {
      return absl::InvalidArgumentError(files.certificate.native() +
                                        " cannot be used: " + error.message());
    }
    return identity;
  } catch (const std::exception& error) {
    return absl::InternalError(std::string("no TLS to be had: ") + error.what());
  }
}

std::shared_ptr<Tls::Identity> Tls::identity() const {
  const loop::MutexLock lock(mutex_);
  return identity_;
}

void Tls::take(std::shared_ptr<Identity> identity) {
  const loop::MutexLock lock(mutex_);
  identity_ = std::move(identity);
}

std::optional<Tls::Clock::time_point> Tls::handshake_time(Clock::time_point now,
                                                          Clock::time_point latest) {
  const Clock::time_point mine = std::max(now, next_);
  if (mine > latest) return std::nullopt;
  next_ = mine + 2 * (identity()->certificates.signature + kBesideSignature);
  return mine;
}

}  // namespace skerry::http
