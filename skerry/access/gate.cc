// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/gate.h"

#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace skerry::access {

Result<std::unique_ptr<Gate>> Gate::open(Setting setting) {
  auto gate = std::unique_ptr<Gate>(new Gate({}));
  SKERRY_TRY(gate->reload(std::move(setting)));
  return gate;
}

Status Gate::reload(Setting setting) {
  SKERRY_ASSIGN(auto keys, KeyFile(setting.keys).read());
  std::map<std::string, Known, std::less<>> known;
  std::map<std::string, Counted, std::less<>> counted;
  counted.insert(counted_.extract(std::string()));
  for (Key& key : keys) {
    Known one{.key = std::move(key), .tools = {}};
    const auto& tools = one.key.allowance.tools;
    if (!tools.empty()) one.tools = std::make_shared<const std::vector<std::string>>(tools);
    const std::string id = one.key.id;
    counted.insert(counted_.extract(id));
    known.emplace(id, std::move(one));
  }
  for (auto& [id, each] : counted) each.bucket.reset();  // its rate may be another
  keys_ = std::move(known);
  had_keys_ = had_keys_ || !keys_.empty();
  counted_ = std::move(counted);
  setting_ = std::move(setting);
  return ok_status();
}

Result<tool::Caller> Gate::caller_of(std::string_view key) const {
  tool::Caller caller;
  if (key.empty()) {
    if (is_open()) return caller;
    return absl::UnauthenticatedError(
        "a key is needed: send it as X-API-Key or Authorization: Bearer");
  }
  const auto id = id_in(key);
  const auto found = id ? keys_.find(*id) : keys_.end();
  // A key that is unknown takes as long as a wrong one.
  static const Key kNobody{.id = {}, .sha256 = std::string(64, '0'), .tenant = {}};
  if (!is_text_of(found == keys_.end() ? kNobody : found->second.key, key)) {
    return absl::UnauthenticatedError("this key is not known");
  }
  caller.tenant = found->second.key.tenant;
  caller.key = found->second.key.id;
  caller.tools = found->second.tools;
  return caller;
}

Gate::Admission Gate::admit(const tool::Caller& caller) {
  Admission admission = judge(caller);
  if (setting_.admitted) setting_.admitted(admission.status);
  return admission;
}

Gate::Admission Gate::judge(const tool::Caller& caller) {
  const auto now = setting_.now();
  Counted& counted = counted_[caller.key];
  const auto known = keys_.find(caller.key);
  const Allowance allowance = known == keys_.end() ? Allowance() : known->second.key.allowance;
  if (!counted.breaker.allows(setting_.breaker, now)) {
    return {.status = absl::UnavailableError(
                "circuit_breaker_open: too many of the last calls failed or timed out"),
            .wait = counted.breaker.wait(setting_.breaker, now)};
  }
  const std::int64_t today = std::time(nullptr) / 86'400;
  if (counted.day != today) counted.runs = 0;
  counted.day = today;
  if (allowance.runs_per_day > 0 && counted.runs >= allowance.runs_per_day) {
    const std::int64_t left = (today + 1) * 86'400 - std::time(nullptr);
    return {.status = absl::ResourceExhaustedError(
                fmt::format("quota_exceeded: {} runs a day are this key's, and they are used up",
                            allowance.runs_per_day)),
            .wait = std::chrono::seconds(left)};
  }
  const double rate =
      allowance.runs_per_second > 0 ? allowance.runs_per_second : setting_.runs_per_second;
  Admission admission;
  if (rate > 0) {
    if (!counted.bucket) counted.bucket.emplace(rate, now);
    const bool is_admitted = counted.bucket->take(now);
    admission.limit = counted.bucket->limit();
    admission.remaining = counted.bucket->left(now);
    if (!is_admitted) {
      admission.status = absl::ResourceExhaustedError(
          fmt::format("rate_limit_exceeded: {:g} runs a second are allowed", rate));
      admission.wait = counted.bucket->wait(now);
      return admission;
    }
  }
  ++counted.runs;
  return admission;
}

void Gate::called(const tool::Caller& caller, std::string_view, const tool::ToolResult& result) {
  const bool failed =
      result.verdict == tool::Verdict::kTimeout || result.verdict == tool::Verdict::kBroken;
  counted_[caller.key].breaker.record(setting_.breaker, failed, setting_.now());
}

}  // namespace skerry::access
