// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_access.h"

#include <algorithm>

namespace skerry::session {

Result<SessionAccess::Store> SessionAccess::take(const std::string& tenant) {
  {
    const loop::MutexLock lock(mutex_);
    const auto found = std::find_if(idle_.begin(), idle_.end(),
                                    [&](const auto& each) { return each.first == tenant; });
    if (found != idle_.end()) {
      Store store = std::move(found->second);
      idle_.erase(found);
      return store;
    }
  }
  return stores_->open(tenant, store::SessionStore::Waiting::kNever);
}

void SessionAccess::give_back(const std::string& tenant, Store store) {
  store->after_commit();
  const loop::MutexLock lock(mutex_);
  idle_.emplace_back(tenant, std::move(store));
  if (idle_.size() > kMaxIdle) idle_.erase(idle_.begin());
}

}  // namespace skerry::session
