// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "skerry/service/http_message.h"

// What comes over a connection, as Beast has parsed it, made into what handlers see.

namespace skerry::service {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using HttpHead = boost::beast::http::request_header<>;

/// Why a head is none that we may act on, as another server on its way could have understood it
/// otherwise; empty when it is good.
std::string_view fault_in(const HttpHead& head);

/// The key that a request's head shows; empty: none.
std::string api_key_in(const HttpHead& head);

/// The request as handlers see it, whose body it takes; none when its target is no path.
std::optional<HttpRequest> request_of(HttpParser& parser);

}  // namespace skerry::service
