// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_request.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "skerry/base/utf8.h"
#include "skerry/tool/trace.h"

namespace skerry::service {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// A header's value; empty when it is not there.
std::string_view field_in(const HttpHead& head, std::string_view name) {
  const auto value = head[beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

}  // namespace

std::string_view fault_in(const HttpHead& head) {
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    return "a request needs one Host header";
  }
  const auto codings = head.count(http::field::transfer_encoding);
  if (codings > 1 ||
      (codings == 1 && !beast::iequals(head[http::field::transfer_encoding], "chunked"))) {
    return "the only Transfer-Encoding is chunked";
  }
  return {};
}

std::string api_key_in(const HttpHead& head) {
  const std::string_view key = field_in(head, "X-API-Key");
  return std::string(key.empty() ? bearer_in(field_in(head, "Authorization")) : key);
}

std::optional<HttpRequest> request_of(HttpParser& parser) {
  auto& message = parser.get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  std::string_view target(message.target().data(), message.target().size());
  // A client of a proxy names the server, too.
  if (const auto scheme = target.find("://"); scheme != target.npos && !target.starts_with('/')) {
    const std::string_view name = target.substr(0, scheme);
    if (!beast::iequals(name, "http") && !beast::iequals(name, "https")) return std::nullopt;
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equal = pair.find('=');
    const auto name = decoded(pair.substr(0, equal), true);
    const auto value =
        decoded(equal == pair.npos ? std::string_view() : pair.substr(equal + 1), true);
    if (!name || !value) return std::nullopt;
    request.query[*name] = *value;
  }
  for (const std::string_view name : kHeadersSeen) {
    const auto found = message.find(beast::string_view(name.data(), name.size()));
    if (found == message.end()) continue;
    request.headers[std::string(name)] =
        to_utf8(std::string_view(found->value().data(), found->value().size()));
  }
  request.wants_web_socket = beast::websocket::is_upgrade(message);
  const auto accept = message[http::field::accept];
  request.wants_events = accept.find("text/event-stream") != accept.npos;
  request.api_key = api_key_in(message);
  request.request_id = request_id_of(field_in(message, "X-Request-ID"));
  request.trace = tool::trace_for(field_in(message, "traceparent"));
  request.body = std::move(message.body());
  return request;
}

}  // namespace skerry::service
