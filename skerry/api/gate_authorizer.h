// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "skerry/access/audit_log.h"
#include "skerry/access/authorizer.h"
#include "skerry/access/gate.h"

namespace skerry::api {

/// Lets requests in as the gate decides, and writes refused keys to the audit log: at most one line
/// a second for each address, which says how many there were. Gate and log must outlive it.
/// Confined to the event loop's thread.
class GateAuthorizer final : public access::Authorizer {
 public:
  using Clock = std::chrono::steady_clock;
  GateAuthorizer(const access::Gate& gate, access::AuditLog& audit) : gate_(gate), audit_(audit) {}

  bool is_open() const override { return gate_.is_open(); }
  Result<access::Principal> principal_of(std::string_view api_key) const override {
    return gate_.principal_of(api_key);
  }
  Allowed allowed(const access::Principal& principal) const override {
    const auto allowed = gate_.allowed(principal);
    return {.limit = allowed.limit, .remaining = allowed.remaining, .reset = allowed.reset};
  }
  void refused(std::string_view peer, const Status& why) const override;

 private:
  struct Refusals {
    Clock::time_point logged;
    int count = 0;  // since then
  };
  const access::Gate& gate_;
  access::AuditLog& audit_;
  mutable std::map<std::string, Refusals, std::less<>> refusals_;  // by address
};

}  // namespace skerry::api
