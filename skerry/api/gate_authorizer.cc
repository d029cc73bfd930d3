// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/gate_authorizer.h"

#include <fmt/format.h>

namespace skerry::api {
namespace {

constexpr std::chrono::seconds kBetweenLines{1};
// Addresses that are remembered; with more of them, each refusal may have a line of its own.
constexpr std::size_t kMaxAddresses = 1000;

}  // namespace

void GateAuthorizer::refused(std::string_view peer, const Status& /*why*/) const {
  const auto now = Clock::now();
  if (refusals_.size() > kMaxAddresses) {
    std::erase_if(refusals_,
                  [&](const auto& each) { return now - each.second.logged > kBetweenLines; });
    if (refusals_.size() > kMaxAddresses) return;
  }
  Refusals& refusals = refusals_[std::string(peer)];
  ++refusals.count;
  if (now - refusals.logged < kBetweenLines) return;
  audit_.record({.tenant = ""}, {.action = "key.refused",
                                 .object = fmt::format("{} from {}", refusals.count, peer),
                                 .outcome = "UNAUTHENTICATED"});
  refusals = {.logged = now, .count = 0};
}

}  // namespace skerry::api
