// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/base/status.h"
#include "skerry/loop/hand_over.h"
#include "skerry/loop/mutex.h"
#include "skerry/loop/wait_for.h"
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
  /// to what the coroutine has, and must not throw. Not for use after `stop`, nor by a coroutine
  /// that a cancellation would make throw.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work, store::SessionStore&>> with(std::string tenant,
                                                                                Weight weight,
                                                                                Work work) {
    using Value = std::invoke_result_t<Work, store::SessionStore&>;
    auto submit = [this, &tenant, weight](auto task) {
      lanes_.post(tenant, weight, std::move(task));
    };
    auto in_store = [this, &tenant, &work]() -> Value {
      SKERRY_ASSIGN(store::SessionStore * store, store_of(tenant));
      return work(*store);
    };
    const auto stopped = is_stopped_;
    auto handed_over = loop::hand_over(std::move(submit), std::move(in_store));
    Value value = co_await std::move(handed_over);
    if (*stopped) co_await loop::never();
    co_return value;
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
