// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "skerry/access/principal.h"
#include "skerry/base/status.h"

namespace skerry::access {

/// Decides who makes a request. Confined to the event loop's thread.
class Authorizer {
 public:
  Authorizer() = default;
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  virtual ~Authorizer() = default;

  /// Whether requests without a key are served.
  virtual bool is_open() const = 0;
  /// The principal of a key; an empty key is none. kUnauthenticated when it may not ask.
  virtual Result<Principal> principal_of(std::string_view api_key) const = 0;

  /// Where a principal stands with the rate of its runs.
  struct Allowed {
    double limit = 0;                    ///< runs that may start at once; 0: unlimited
    double remaining = 0;                ///< of these
    std::chrono::milliseconds reset{0};  ///< until the next one is allowed
  };
  virtual Allowed allowed(const Principal& principal) const = 0;

  /// Called once for each request that is refused for its key, for logs. `peer` is its address.
  virtual void refused(std::string_view /*peer*/, const Status& /*why*/) const {}
};

}  // namespace skerry::access
