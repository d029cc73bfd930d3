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
class TenantSemaphore {
 private:
  struct State;

 public:
  explicit TenantSemaphore(int each, int all = INT_MAX);

  /// The right to go on, until it is destroyed. May outlive the semaphore.
  class Permit {
   public:
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

   private:
    friend class TenantSemaphore;
    Permit(std::shared_ptr<State> state, std::string tenant)
        : state_(std::move(state)), tenant_(std::move(tenant)) {}
    std::shared_ptr<State> state_;  // null when it was moved away
    std::string tenant_;
  };

  /// Waits for a permit. kResourceExhausted, saying that `what` is under way, after `patience`;
  /// kCancelled when the wait was cancelled.
  boost::asio::awaitable<Result<Permit>> take(std::string tenant, std::string what,
                                              std::chrono::milliseconds patience);

 private:
  std::shared_ptr<State> state_;  // shared with permits
};

}  // namespace skerry::loop
