// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "skerry/service/http_server.h"

namespace skerry::service {

/// Answers what comes on one connection until it ends, is idle for too long, or `is_stopping` says
/// that it was the last; over TLS if there is `tls`. Never throws.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                              std::shared_ptr<Tls> tls, const Router& router,
                                              HttpServer::Limits limits,
                                              std::function<bool()> is_stopping);

}  // namespace skerry::service
