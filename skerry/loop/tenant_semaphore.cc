// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/tenant_semaphore.h"

#include <list>
#include <map>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/loop/cancellation.h"

namespace skerry::loop {

struct TenantSemaphore::State {
  int each = 1;
  int all = 1;
  int taken = 0;
  std::map<std::string, int> taken_by;
  std::list<boost::asio::steady_timer*> waiting;  // of coroutines that wait

  bool take(const std::string& tenant) {
    if (taken >= all) return false;
    int& own = taken_by[tenant];
    if (own >= each) return false;
    ++own;
    ++taken;
    return true;
  }

  void give_back(const std::string& tenant) {
    --taken;
    const auto own = taken_by.find(tenant);
    if (--own->second == 0) taken_by.erase(own);
    // Each looks whether it is its turn: those who wait are few, and wake in the order they came.
    for (boost::asio::steady_timer* timer : waiting) timer->cancel();
  }
};

TenantSemaphore::TenantSemaphore(int each, int all) : state_(std::make_shared<State>()) {
  state_->each = each;
  state_->all = all;
}

// Cancelling timers that are there throws nothing.
TenantSemaphore::Permit::~Permit() {  // NOLINT(bugprone-exception-escape)
  if (state_) state_->give_back(tenant_);
}

boost::asio::awaitable<Result<TenantSemaphore::Permit>> TenantSemaphore::take(
    std::string tenant, std::string what, std::chrono::milliseconds patience) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const std::shared_ptr<State> state = state_;
  if (state->take(tenant)) co_return Permit(state, std::move(tenant));
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto place = state->waiting.insert(state->waiting.end(), &timer);
  Status failure;
  bool is_granted = false;
  while (!is_granted && failure.ok()) {
    timer.expires_at(until);
    auto waiting = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    (void)co_await std::move(waiting);
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    if (is_cancelled(cancellation)) {
      failure = absl::CancelledError("cancelled while it waited for its turn");
    } else if (state->take(tenant)) {
      is_granted = true;
    } else if (std::chrono::steady_clock::now() >= until) {
      failure = absl::ResourceExhaustedError("busy: " + what +
                                             " is under way; try again when it has ended");
    }
  }
  state->waiting.erase(place);
  if (!is_granted) co_return failure;
  co_return Permit(state, std::move(tenant));
}

}  // namespace skerry::loop
