// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <climits>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"

namespace skerry::loop {

/// Lets each tenant do so much of something at once, and all together so much: who comes when that
/// is taken waits a while, in order. Confined to the event loop's thread.
class TenantTurns {
 private:
  struct State;

 public:
  explicit TenantTurns(int each, int all = INT_MAX);

  /// The right to go on, until it is destroyed. May outlive the turns.
  class Turn {
   public:
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class TenantTurns;
    Turn(std::shared_ptr<State> state, std::string tenant)
        : state_(std::move(state)), tenant_(std::move(tenant)) {}
    std::shared_ptr<State> state_;  // null when it was moved away
    std::string tenant_;
  };

  /// Waits for a turn. kResourceExhausted, saying that `what` is under way, after `patience`;
  /// kCancelled when the wait was cancelled.
  boost::asio::awaitable<Result<Turn>> take(std::string tenant, std::string what,
                                            std::chrono::milliseconds patience);

 private:
  std::shared_ptr<State> state_;  // shared with turns
};

}  // namespace skerry::loop
