// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_message.h"

#include <charconv>
#include <random>

#include <fmt/format.h>

#include "skerry/base/utf8.h"
#include "skerry/tool/json_text.h"

namespace skerry::service {

using nlohmann::json;

HttpResponse json_response(const nlohmann::ordered_json& body, int status) {
  return {.status = status, .body = tool::text_of(body)};
}

HttpResponse error_response(int status, std::string_view message) {
  return json_response({{"error", message}}, status);
}

void EventStream::send(std::string_view name, const nlohmann::ordered_json& data) {
  const std::string text = tool::text_of(data);
  send({.name = name, .data = text});
}

Result<json> parse_object(std::string_view text) { return tool::parse_object(text, "the body"); }

std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      int value = 0;
      const std::string_view digits = text.substr(i + 1, 2);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return {};
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += is_query && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!is_utf8(plain) || plain.find('\0') != plain.npos) return {};
  return plain;
}

bool is_local_origin(std::string_view origin) {
  const auto scheme = origin.find("://");
  return scheme != origin.npos && is_local_host(origin.substr(scheme + 3));
}

bool is_local_host(std::string_view host) {
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

std::string_view bearer_in(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[i]) return {};
  }
  return authorization.substr(kScheme.size());
}

std::string request_id_of(std::string_view given) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  if (!given.empty() && given.size() <= 64 && given.find_first_not_of(kLetters) == given.npos) {
    return std::string(given);
  }
  // Unique enough to find a request in a log; no secret.
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

}  // namespace skerry::service
