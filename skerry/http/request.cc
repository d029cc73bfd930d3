// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/request.h"

#include <algorithm>
#include <charconv>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>

#include "skerry/access/trace.h"
#include "skerry/base/utf8.h"

namespace skerry::http {

namespace beast = boost::beast;
namespace bhttp = beast::http;

namespace {

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

bool contains_word(std::string_view list, std::string_view word) {
  return lower(list).find(word) != std::string::npos;
}

/// The path and the query of a target, which a client of a proxy begins with the server's name.
std::optional<std::string_view> path_of(std::string_view target) {
  if (const auto scheme = target.find("://"); scheme != target.npos && !target.starts_with('/')) {
    const std::string name = lower(target.substr(0, scheme));
    if (name != "http" && name != "https") return std::nullopt;
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  if (!target.starts_with('/')) return std::nullopt;
  return target.substr(0, target.find('#'));
}

bool take_query(std::string_view query, std::map<std::string, std::string>& into) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equal = pair.find('=');
    const auto name = decoded(pair.substr(0, equal), true);
    const auto value =
        decoded(equal == pair.npos ? std::string_view() : pair.substr(equal + 1), true);
    if (!name || !value) return false;
    into[*name] = *value;
  }
  return true;
}

/// The port of an authority, by default its scheme's; 0 when it is none.
int port_of(std::string_view authority, std::string_view scheme) {
  const auto colon = authority.rfind(':');
  if (colon == authority.npos || authority.ends_with(']')) return scheme == "https" ? 443 : 80;
  int port = 0;
  const std::string_view digits = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() ? port : 0;
}

std::string_view name_of(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return authority.ends_with(']') ? authority : authority.substr(0, colon);
}

}  // namespace

std::string_view smuggling_fault(const Http1Head& head) {
  const auto hosts = head.count(bhttp::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    return "a request needs one Host header";
  }
  const auto codings = head.count(bhttp::field::transfer_encoding);
  if (codings > 1 ||
      (codings == 1 && !beast::iequals(head[bhttp::field::transfer_encoding], "chunked"))) {
    return "the only Transfer-Encoding is chunked";
  }
  return {};
}

RequestHead head_of(const Http1Head& head) {
  RequestHead own{.method = std::string(view(head.method_string())),
                  .target = std::string(view(head.target())),
                  .host = std::string(view(head[bhttp::field::host])),
                  .headers = {}};
  for (const auto& field : head) {
    own.headers.add(lower(view(field.name_string())), std::string(view(field.value())));
  }
  return own;
}

std::string_view api_key_in(const Headers& headers) {
  const std::string_view key = headers.get("x-api-key");
  return key.empty() ? bearer_in(headers.get("authorization")) : key;
}

std::optional<Request> request_of(const RequestHead& head) {
  const auto target = path_of(head.target);
  if (!target) return std::nullopt;
  Request request;
  request.method = head.method;
  const auto mark = target->find('?');
  request.path = std::string(target->substr(0, mark));
  const std::string_view query =
      mark == target->npos ? std::string_view() : target->substr(mark + 1);
  if (!take_query(query, request.query)) return std::nullopt;
  for (const std::string_view name : kVisibleHeaders) {
    if (head.headers.count(name) == 0) continue;
    request.headers[std::string(name)] = to_utf8(head.headers.joined(name));
  }
  request.wants_web_socket = contains_word(head.headers.get("connection"), "upgrade") &&
                             contains_word(head.headers.get("upgrade"), "websocket");
  request.wants_events = contains_word(head.headers.get("accept"), "text/event-stream");
  request.api_key = std::string(api_key_in(head.headers));
  request.request_id = request_id_of(head.headers.get("x-request-id"));
  request.trace = access::trace_for(head.headers.get("traceparent"));
  return request;
}

std::string_view origin_fault(const RequestHead& head, HostNames names,
                              const std::set<int>& own_ports) {
  if (names == HostNames::kLocal && !head.host.empty() && !is_local_host(head.host)) {
    return "without keys this is served as localhost or 127.0.0.1 alone";
  }
  constexpr std::string_view kFault = "pages of other origins may not ask this";
  bool is_own = false;
  if (head.headers.count("origin") > 0) {
    const std::string_view origin = head.headers.get("origin");
    const auto mark = origin.find("://");
    if (mark == origin.npos) return kFault;
    const std::string_view scheme = origin.substr(0, mark);
    const std::string_view authority = origin.substr(mark + 3);
    const int port = port_of(authority, scheme);
    const bool is_same = lower(name_of(authority)) == lower(name_of(head.host)) &&
                         port == port_of(head.host, scheme);
    is_own = is_same || (is_local_host(authority) && own_ports.contains(port));
    if (!is_own) return kFault;
  }
  const std::string_view site = head.headers.get("sec-fetch-site");
  if (site.empty() || site == "none" || site == "same-origin" || is_own) return {};
  // Following a link shows the answer to the person, and to no page.
  const bool is_link = head.headers.get("sec-fetch-mode") == "navigate" &&
                       (head.method == "GET" || head.method == "HEAD");
  return is_link ? std::string_view() : kFault;
}

}  // namespace skerry::http
