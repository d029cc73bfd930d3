// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::http {

/// Where to listen: "127.0.0.1:8000", "[::1]:8000", "localhost:0". A checked value.
class Address {
 public:
  /// kInvalidArgument when it is not HOST:PORT.
  static Result<Address> parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& host() const { return host_; }  ///< without brackets
  std::uint16_t port() const { return port_; }       ///< 0: any that is free
  /// The address with the port that it has come to.
  std::string with_port(int port) const {
    return text_.substr(0, text_.rfind(':') + 1) + std::to_string(port);
  }
  /// Whether nobody but this machine can reach it.
  bool is_loopback() const { return is_loopback_; }

 private:
  std::string text_;
  std::string host_;
  std::uint16_t port_ = 0;
  bool is_loopback_ = false;
};

}  // namespace skerry::http
