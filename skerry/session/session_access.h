// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/loop/mutex.h"
#include "skerry/loop/on_pool.h"
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
    using Answer = std::invoke_result_t<Work, store::SessionStore&>;
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    for (auto pause = kFirstPause;; pause = std::min(2 * pause, kMaxPause)) {
      auto once = [this, &tenant, &work]() -> Answer {
        auto store = take(tenant);
        if (!store.ok()) return store.status();
        Answer answer = work(**store);
        give_back(tenant, *std::move(store));
        return answer;
      };
      Answer answer = co_await loop::on_pool(pool_, std::move(once));
      if (!is_busy(answer) || std::chrono::steady_clock::now() > give_up) co_return answer;
      timer.expires_after(pause);
      auto waited = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      const auto [error] = co_await std::move(waited);
      if (error) co_return absl::CancelledError("cancelled while it waited for the session");
    }
  }

  /// The same for work that needs no store.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> on_thread(Work work) {
    auto doing = loop::on_pool(pool_, std::move(work));
    co_return co_await std::move(doing);
  }

 private:
  using Store = std::unique_ptr<store::SessionStore>;
  static constexpr std::chrono::milliseconds kFirstPause{2};
  static constexpr std::chrono::milliseconds kMaxPause{100};
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr int kThreads = 4;
  static constexpr std::size_t kMaxIdle = 16;  // stores that stay open

  static bool is_busy(const Status& status) { return status.code() == StatusCode::kUnavailable; }
  template <typename Value>
  static bool is_busy(const Result<Value>& result) {
    return is_busy(result.status());
  }

  Result<Store> take(const std::string& tenant);
  void give_back(const std::string& tenant, Store store);

  const std::shared_ptr<const store::SessionStores> stores_;
  loop::Mutex mutex_;
  std::vector<std::pair<std::string, Store>> idle_ ABSL_GUARDED_BY(mutex_);  // by tenant
  boost::asio::thread_pool pool_{kThreads};
};

}  // namespace skerry::session
