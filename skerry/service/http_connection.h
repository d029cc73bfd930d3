// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "skerry/service/http_server.h"

namespace skerry::service {

/// What a server's connections have in common. Confined to the loop's thread.
struct Connections {
  bool is_stopping = false;      ///< the request that is being answered is a connection's last
  std::uint64_t body_bytes = 0;  ///< of requests that are read or answered
};

/// Answers what comes on one connection until it ends, is idle for too long, or the server stops;
/// over TLS if there is `tls`. Never throws.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                              std::shared_ptr<Tls> tls, const Router& router,
                                              HttpServer::Limits limits,
                                              std::shared_ptr<Connections> all);

}  // namespace skerry::service
