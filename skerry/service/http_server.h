// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "skerry/base/status.h"
#include "skerry/service/address.h"
#include "skerry/service/router.h"
#include "skerry/service/tls.h"

namespace skerry::service {

/// The HTTP/1.1 listener: keep-alive, pipelining, bodies with a length or in chunks, events as they
/// come. A client that goes cancels what it asked for.
///
/// Confined to the loop's thread.
class HttpServer {
 public:
  struct Limits {
    std::size_t header = 64 * 1024;
    std::size_t body = std::size_t{70} << 20;  ///< a module of 50 MiB in base64
    std::size_t all_bodies = std::size_t{512} << 20;
    int connections = 4096;
    std::chrono::milliseconds header_time{
        10'000};  ///< from a request's first byte to its last line; of a handshake, too
    std::chrono::milliseconds body_time{60'000};
    std::chrono::milliseconds idle{75'000};   ///< between requests
    std::chrono::milliseconds write{30'000};  ///< until a client has taken what was written
  };

  /// Where it listens, for what, and over TLS or not. The router must outlive the loop.
  struct Port {
    Address address;
    const Router& router;
    std::shared_ptr<Tls> tls = nullptr;
  };

  /// Listens on every port. kUnavailable naming the first that cannot be had.
  static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& io,
                                                   const std::vector<Port>& ports,
                                                   const Limits& limits);
  ~HttpServer();

  /// The ports it listens on, in their order.
  const std::vector<int>& ports() const { return ports_; }

  /// Takes no more connections, and closes each when it has answered what it was asked.
  void stop();

 private:
  class Listeners;
  explicit HttpServer(std::shared_ptr<Listeners> listeners) : listeners_(std::move(listeners)) {}
  std::shared_ptr<Listeners> listeners_;
  std::vector<int> ports_;
};

}  // namespace skerry::service
