// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "skerry/http/connections.h"
#include "skerry/http/offer.h"
#include "skerry/http/web_socket.h"

namespace skerry::http {

/// The bytes with which every client begins a connection of HTTP/2.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Answers what comes over one connection of HTTP/2, until it ends, is idle for too long, or the
/// server stops. `buffer` holds what was read already.
boost::asio::awaitable<void> serve_http2(PlainStream stream, boost::beast::flat_buffer buffer,
                                         const Offer& offer, std::string peer,
                                         std::shared_ptr<Connections> all);
boost::asio::awaitable<void> serve_http2(SecureStream stream, boost::beast::flat_buffer buffer,
                                         const Offer& offer, std::string peer,
                                         std::shared_ptr<Connections> all);

}  // namespace skerry::http
