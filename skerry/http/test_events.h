// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/http/message.h"

/// For tests only.
namespace skerry::http::testing {

/// Keeps the events that a handler sends.
class KeptEvents final : public EventStream {
 public:
  std::vector<std::pair<std::string, nlohmann::json>> events;

  void open() override {}
  void send(const StreamEvent& event) override {
    events.emplace_back(event.name, nlohmann::json::parse(event.data));
  }
  std::size_t unsent() const override { return 0; }
  boost::asio::awaitable<void> drained() override { co_return; }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    names.reserve(events.size());
    for (const auto& [name, data] : events) names.push_back(name);
    return names;
  }
};

}  // namespace skerry::http::testing
