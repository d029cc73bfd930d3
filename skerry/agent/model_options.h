// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/agent/routing.h"
#include "skerry/base/status.h"

namespace skerry::agent {

/// What a million tokens cost, in USD.
struct Price {
  double input = 0;
  double output = 0;
};

/// Where a server listens, taken out of a URL.
struct Endpoint {
  bool is_secure = true;
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 443;
  std::string path;  ///< without a slash at its end; may be empty

  /// kInvalidArgument for anything but "http(s)://HOST[:PORT][/PATH]".
  static Result<Endpoint> parse(std::string_view url);

  /// It is this machine, as far as its name tells.
  bool is_loopback() const;
  /// As a Host header has it.
  std::string authority() const;
};

/// Which language model is asked, where, and how long it may take.
struct ModelOptions {
  std::string base_url = {};  ///< "https://models.example/v1"; requests go to its /chat/completions
  std::string api_key = {};   ///< sent as a bearer's; empty: none. In no message and no log
  std::string model = {};     ///< where a tier has none of its own
  std::map<Tier, std::string> tier_models = {};
  std::map<std::string, Price> prices = {};  ///< by model; others cost nothing that is known

  std::chrono::milliseconds connect_time{10'000};     ///< to be connected, names and TLS included
  std::chrono::milliseconds first_byte_time{60'000};  ///< to the head of a streamed answer
  std::chrono::milliseconds pause_time{60'000};       ///< between two pieces of an answer
  std::chrono::milliseconds query_time{120'000};      ///< for a query: all that a model is asked

  /// kInvalidArgument naming what is missing or out of its bounds; kPermissionDenied for a key that
  /// would leave this machine unencrypted.
  Status check() const;

  const std::string& model_of(Tier tier) const;
  std::optional<Price> price_of(const std::string& name) const;
};

}  // namespace skerry::agent
