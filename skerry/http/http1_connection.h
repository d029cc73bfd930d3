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

/// Answers what comes over one connection of HTTP/1.1 until it ends, is idle for too long, or the
/// server stops: keep-alive, pipelining, bodies with a length or in chunks, events as they come. A
/// client that goes away cancels what it asked for. `buffer` holds what was read already.
boost::asio::awaitable<void> serve_http1(PlainStream stream, boost::beast::flat_buffer buffer,
                                         const Offer& offer, std::string peer,
                                         std::shared_ptr<Connections> all);
boost::asio::awaitable<void> serve_http1(SecureStream stream, boost::beast::flat_buffer buffer,
                                         const Offer& offer, std::string peer,
                                         std::shared_ptr<Connections> all);

}  // namespace skerry::http
