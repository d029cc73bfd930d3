// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "skerry/base/status.h"
#include "skerry/http/address.h"
#include "skerry/http/offer.h"
#include "skerry/http/tls/tls.h"

namespace skerry::http {

/// Listens for HTTP/1.1 and HTTP/2 on the same ports, plain or over TLS: the first bytes tell them
/// apart. Confined to the event loop's thread.
class Server {
 public:
  /// Where it listens, for what, and over TLS or not.
  struct Port {
    Address address;
    Offer offer;
    std::shared_ptr<Tls> tls = nullptr;
  };

  /// Listens on every port. kUnavailable naming the first that cannot be had.
  static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io,
                                               const std::vector<Port>& ports,
                                               const ServerLimits& limits);
  ~Server();

  /// The ports it listens on, in their order.
  const std::vector<int>& ports() const { return ports_; }

  /// kUnavailable when one of the ports does not accept connections.
  Status check() const;

  const Connections& connections() const;

  /// Takes no more connections, and closes each when it has answered what it was asked.
  void stop();

 private:
  class Listeners;
  explicit Server(std::shared_ptr<Listeners> listeners) : listeners_(std::move(listeners)) {}
  std::shared_ptr<Listeners> listeners_;
  std::vector<int> ports_;
};

}  // namespace skerry::http
