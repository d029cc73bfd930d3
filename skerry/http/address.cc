// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/address.h"

#include <charconv>

#include <boost/asio/ip/address.hpp>

namespace skerry::http {

Result<Address> Address::parse(std::string_view text) {
  Status refused = absl::InvalidArgumentError("\"" + std::string(text) + "\", expected HOST:PORT");
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return refused;
  Address address;
  address.text_ = std::string(text);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port_);
  if (error != std::errc() || end != port.data() + port.size()) return refused;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[] ") != host.npos) {
    return refused;
  }
  address.host_ = std::string(host);
  boost::system::error_code none;
  const auto parsed = boost::asio::ip::make_address(address.host_, none);
  address.is_loopback_ = host == "localhost" || (!none && parsed.is_loopback());
  return address;
}

}  // namespace skerry::http
