// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/base/status.h"
#include "skerry/loop/cancellation.h"
#include "skerry/loop/mutex.h"
#include "skerry/loop/on_pool.h"
#include "skerry/session/ask_again.h"
#include "skerry/store/session_store.h"

namespace skerry::session {

/// What is done with sessions besides running in them: listing, rewinding, forking, reading their
/// revisions. All of it blocks, so it happens on threads of its own; a session that somebody runs
/// in is asked for again and again, and keeps no thread busy meanwhile.
///
/// `with` is for coroutines of the event loop.
class SessionAccess {
 public:
  explicit SessionAccess(std::shared_ptr<const store::SessionStores> stores)
      : stores_(std::move(stores)) {}
  /// Waits for what is under way.
  ~SessionAccess() { pool_.join(); }
  SessionAccess(const SessionAccess&) = delete;
  SessionAccess& operator=(const SessionAccess&) = delete;

  /// The Result of `work`, which gets a store of the tenant's that waits for nobody: its failure as
  /// kUnavailable means that somebody has what it takes, and it is called again, for 30 s. `work`
  /// is called on another thread; kCancelled when the wait for it was cancelled between two calls.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work, store::SessionStore&>> with(std::string tenant,
                                                                                Work work) {
    using Value = std::invoke_result_t<Work, store::SessionStore&>;
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto once = [this, &tenant, &work] {
      return loop::on_pool(pool_, [this, &tenant, &work]() -> Value {
        auto store = take(tenant);
        if (!store.ok()) return store.status();
        Value value = work(**store);
        give_back(tenant, *std::move(store));
        return value;
      });
    };
    const auto latest = std::chrono::steady_clock::now() + kPatience;
    auto asking = ask_again(latest, std::move(once));
    Value value = co_await std::move(asking);
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    if (is_busy(value) && loop::is_cancelled(cancellation)) {
      co_return absl::CancelledError("cancelled while it waited for the session");
    }
    co_return value;
  }

  /// The same for work that needs no store.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> on_thread(Work work) {
    auto doing = loop::on_pool(pool_, std::move(work));
    co_return co_await std::move(doing);
  }

 private:
  using Store = std::unique_ptr<store::SessionStore>;
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr int kThreads = 4;
  static constexpr std::size_t kMaxIdle = 16;  // stores that stay open

  Result<Store> take(const std::string& tenant);
  void give_back(const std::string& tenant, Store store);

  const std::shared_ptr<const store::SessionStores> stores_;
  loop::Mutex mutex_;
  std::vector<std::pair<std::string, Store>> idle_ ABSL_GUARDED_BY(mutex_);  // by tenant
  boost::asio::thread_pool pool_{kThreads};
};

}  // namespace skerry::session
