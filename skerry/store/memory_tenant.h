// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "skerry/store/session_store.h"

/// A user's memory is a session that clients read and write and no run sees. It belongs to a tenant
/// that nobody can be, since its name has a slash in it, and is kept until its files are removed.
namespace skerry::store {

inline constexpr std::string_view kMemorySuffix = "/memory";

/// The tenant that has the memories of `tenant`'s users.
inline std::string memory_tenant(std::string_view tenant) {
  return std::string(tenant) + std::string(kMemorySuffix);
}

/// What is kept of a tenant's sessions: `policy`, but of memories, everything.
inline Policy policy_of(std::string_view tenant, const Policy& policy) {
  if (!tenant.ends_with(kMemorySuffix)) return policy;
  return {.time_to_live = std::chrono::hours(24 * 365 * 50),
          .sessions = 100'000,
          .revisions = 10,
          .cold = std::chrono::seconds(600),
          .bytes = mib(10'240)};
}

}  // namespace skerry::store
