// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/asio/ip/address.hpp>

namespace skerry::agent {
namespace {

constexpr std::size_t kMaxLength = 2048;  // of a URL, a key
constexpr std::size_t kMaxModelName = 128;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

Status bad_url(std::string_view url) {
  return absl::InvalidArgumentError("\"" + std::string(url.substr(0, 256)) +
                                    "\", expected http(s)://HOST[:PORT][/PATH]");
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view url) {
  Endpoint made;
  std::string_view rest = url;
  if (url.size() > kMaxLength || !is_printable(url)) return bad_url(url);
  if (rest.starts_with("http://")) {
    made.is_secure = false;
    made.port = 80;
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else {
    return bad_url(url);
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  made.path = rest.substr(slash);
  while (made.path.ends_with('/')) made.path.pop_back();
  // A name and password would be shown with the URL.
  if (rest.find_first_of("@?#\\\"") != rest.npos) {
    return absl::InvalidArgumentError(
        "the URL has a user, a query or a fragment, expected http(s)://HOST[:PORT][/PATH]");
  }
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), made.port);
    if (error != std::errc() || end != digits.data() + digits.size() || made.port == 0) {
      return bad_url(url);
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return bad_url(url);
  made.host = authority;
  return made;
}

bool Endpoint::is_loopback() const {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return host == "localhost" || (!error && address.is_loopback());
}

std::string Endpoint::authority() const {
  const std::string name = host.find(':') == host.npos ? host : "[" + host + "]";
  return port == (is_secure ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

Status ModelOptions::check() const {
  SKERRY_ASSIGN(const Endpoint endpoint, Endpoint::parse(base_url));
  if (!endpoint.is_secure && !api_key.empty() && !endpoint.is_loopback()) {
    return absl::PermissionDeniedError(
        "the key would go to " + endpoint.host +
        " unencrypted; take https, or no key for a server that asks for none");
  }
  if (api_key.size() > kMaxLength || !is_printable(api_key)) {
    return absl::InvalidArgumentError("the key has characters that no key has");
  }
  for (const Tier tier : {Tier::kSmall, Tier::kMedium, Tier::kLarge}) {
    const std::string& name = model_of(tier);
    if (name.empty()) {
      return absl::InvalidArgumentError("there is no model for the tier " +
                                        std::string(name_of(tier)));
    }
    if (name.size() > kMaxModelName || !is_printable(name)) {
      return absl::InvalidArgumentError("the model's name has characters that no name has");
    }
  }
  for (const auto time : {connect_time, first_byte_time, pause_time, query_time}) {
    if (time < std::chrono::milliseconds(1) || time > std::chrono::hours(1)) {
      return absl::InvalidArgumentError("a time of " + std::to_string(time.count()) +
                                        " ms, expected 1 ms to 1 hour");
    }
  }
  for (const auto& [name, price] : prices) {
    if (std::isfinite(price.input) && std::isfinite(price.output) && price.input >= 0 &&
        price.output >= 0) {
      continue;
    }
    return absl::InvalidArgumentError("the price of " + name + " is no amount");
  }
  return ok_status();
}

const std::string& ModelOptions::model_of(Tier tier) const {
  const auto own = tier_models.find(tier);
  return own == tier_models.end() ? model : own->second;
}

std::optional<Price> ModelOptions::price_of(const std::string& name) const {
  const auto found = prices.find(name);
  if (found == prices.end()) return std::nullopt;
  return found->second;
}

}  // namespace skerry::agent
