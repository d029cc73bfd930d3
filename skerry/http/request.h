// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "skerry/http/message.h"

// Untrusted heads of requests, checked and made into what handlers see.

namespace skerry::http {

using Http1Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using Http1Head = boost::beast::http::request_header<>;

/// Why we must not act on a head of HTTP/1, because another server on its way could have understood
/// it otherwise; empty when it is good.
std::string_view smuggling_fault(const Http1Head& head);

/// The head, for what is common to all versions of HTTP.
RequestHead head_of(const Http1Head& head);

/// The key that a request's head shows; empty: none.
std::string_view api_key_in(const Headers& headers);

/// The request without its body; none when its target is no path.
std::optional<Request> request_of(const RequestHead& head);

/// The names under which a server is served. A foreign name that resolves to it would let the pages
/// of that name read the answers (DNS rebinding), so a server without keys has only local names.
enum class HostNames { kAny, kLocal };

/// Why a browser must not have a request carried out that a page of another origin made it send;
/// empty when it may. Pages from `own_ports` of this machine may send requests.
/// https://www.w3.org/TR/fetch-metadata/ has the headers.
std::string_view origin_fault(const RequestHead& head, HostNames names,
                              const std::set<int>& own_ports);

}  // namespace skerry::http
