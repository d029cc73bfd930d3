// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/store_threads.h"

#include <boost/asio/post.hpp>

namespace skerry::session {
namespace {

constexpr auto kWaiting = store::SessionStore::Waiting::kForLeases;

}  // namespace

Result<store::SessionStore*> StoreThreads::store_of(const std::string& tenant) {
  std::unique_ptr<store::SessionStore>* store = nullptr;
  {
    const loop::MutexLock lock(mutex_);
    store = &open_[tenant];  // where it is it stays, and its lane alone looks into it
  }
  if (!*store) {
    SKERRY_ASSIGN(*store, stores_->open(tenant, kWaiting));
  }
  return store->get();
}

void StoreThreads::clear_up(const std::string& tenant) {
  lanes_.post(tenant, Weight::kSmall, [this, tenant] {
    const auto store = store_of(tenant);
    if (store.ok()) (*store)->after_commit();
  });
}

void StoreThreads::keep_small() {
  std::vector<std::string> tenants;
  {
    const loop::MutexLock lock(mutex_);
    for (const auto& [tenant, store] : open_) tenants.push_back(tenant);
  }
  for (const std::string& tenant : tenants) clear_up(tenant);
  boost::asio::post(keeping_thread_, [stores = stores_, tenants = std::move(tenants)] {
    for (const std::string& tenant : tenants) {
      // What fails is tried again; `skerry store gc` tells why.
      const auto store = stores->open(tenant, kWaiting);
      if (store.ok()) (void)(*store)->keep_small();
    }
  });
}

void StoreThreads::stop() {
  *is_stopped_ = true;
  lanes_.join();
  keeping_thread_.join();
}

}  // namespace skerry::session
