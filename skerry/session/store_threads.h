// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/loop/mutex.h"
#include "skerry/session/store_lanes.h"
#include "skerry/store/session_store.h"

namespace skerry::session {

/// Tenants' stores, and threads to work with them: each store in its tenant's lane alone, so that
/// it is no two threads'. The stores stay open.
///
/// For the event loop's thread, and coroutines there.
class StoreThreads {
 public:
  using Weight = StoreLanes::Weight;

  explicit StoreThreads(std::shared_ptr<const store::SessionStores> stores)
      : stores_(std::move(stores)) {}
  StoreThreads(const StoreThreads&) = delete;
  StoreThreads& operator=(const StoreThreads&) = delete;
  ~StoreThreads() { stop(); }

  /// The Result of `work`, which gets the tenant's store, on another thread. It may have references
  /// to what the coroutine has, and must not throw. Not for use after `stop`.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work, store::SessionStore&>> with(std::string tenant,
                                                                                Weight weight,
                                                                                Work work) {
    using Answer = std::invoke_result_t<Work, store::SessionStore&>;
    auto begin = [this, &tenant, weight, &work](auto handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      auto busy = boost::asio::make_work_guard(executor);
      lanes_.post(tenant, weight,
                  [this, &tenant, &work, executor, busy = std::move(busy), stopped = is_stopped_,
                   handler = std::move(handler)]() mutable {
                    auto resume = [handler = std::move(handler), stopped = std::move(stopped),
                                   answer = in_store(tenant, work)]() mutable {
                      if (!*stopped) std::move(handler)(std::move(answer));
                    };
                    boost::asio::post(executor, std::move(resume));
                  });
    };
    auto waiting = boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Answer)>(
        std::move(begin), boost::asio::use_awaitable);
    co_return co_await std::move(waiting);
  }

  /// What a store does when nobody waits: `SessionStore::after_commit`.
  void clear_up(const std::string& tenant);
  /// For every store that is open: `SessionStore::keep_small`, on a thread that keeps no run
  /// waiting.
  void keep_small();

  /// Does all that was asked for, and ends the threads. Coroutines that wait are destroyed by the
  /// loop, and not resumed.
  void stop();

 private:
  template <typename Work>
  std::invoke_result_t<Work, store::SessionStore&> in_store(const std::string& tenant, Work& work) {
    SKERRY_ASSIGN(store::SessionStore * store, store_of(tenant));
    return work(*store);
  }
  Result<store::SessionStore*> store_of(const std::string& tenant);

  const std::shared_ptr<const store::SessionStores> stores_;
  loop::Mutex mutex_;
  std::map<std::string, std::unique_ptr<store::SessionStore>> open_
      ABSL_GUARDED_BY(mutex_);                                              // by tenant
  const std::shared_ptr<bool> is_stopped_ = std::make_shared<bool>(false);  // the loop's
  StoreLanes lanes_;
  boost::asio::thread_pool keeping_thread_{1};
};

}  // namespace skerry::session
