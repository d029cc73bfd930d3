// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "skerry/http/http2/http2_stream.h"
#include "skerry/http/router.h"

namespace skerry::http {

/// Answers a request that came over HTTP/2 with the router's routes, as text or as events.
boost::asio::awaitable<void> answer_http2(std::shared_ptr<Http2Stream> stream, const Router& router,
                                          std::string peer, std::shared_ptr<Connections> all);

}  // namespace skerry::http
