// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "skerry/mcp/tool.h"

namespace skerry::mcp {

/// Requests of the server's to its clients, which revisions before 2026-07-28 have: they go out
/// while a request of the client's is answered. Confined to the event loop's thread.
class Questions {
 public:
  /// What the client of the request answers; none when it takes no questions, or does not answer.
  boost::asio::awaitable<std::optional<nlohmann::json>> ask(const Request& request,
                                                            const char* method,
                                                            nlohmann::ordered_json params);

  /// Takes a client's response: to what was asked of it, or of no use.
  void responded(const Request& response);

 private:
  /// One that waits.
  struct Question {
    boost::asio::steady_timer& timer;
    std::optional<nlohmann::json> result = {};
  };
  std::uint64_t asked_ = 0;
  std::map<std::string, Question*> waiting_;  // by tenant, connection and id
};

}  // namespace skerry::mcp
