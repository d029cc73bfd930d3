// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/gate.h"

#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/retry_after.h"

namespace skerry::access {
namespace {

constexpr std::int64_t kDay = 86'400;  // seconds

std::int64_t today() { return std::time(nullptr) / kDay; }

}  // namespace

// Messages begin with the reference's words for the reason.

Gate::Decision Gate::breaker_open(std::chrono::milliseconds wait) {
  auto status = absl::UnavailableError(
      "circuit_breaker_open: too many of the last calls failed or timed out");
  return {Admission::kBreakerOpen, with_retry_after(std::move(status), wait)};
}

Gate::Decision Gate::take_token(TokenBucket& bucket, double rate, Clock::time_point now) {
  if (bucket.take(now)) return {};
  auto status = absl::ResourceExhaustedError(
      fmt::format("rate_limit_exceeded: {:g} runs a second are allowed", rate));
  return {Admission::kRateExceeded, with_retry_after(std::move(status), bucket.wait(now))};
}

Result<std::unique_ptr<Gate>> Gate::open(Options options) {
  auto gate = std::unique_ptr<Gate>(new Gate({}));
  SKERRY_TRY(gate->reload(std::move(options)));
  return gate;
}

Status Gate::reload(Options options) {
  SKERRY_ASSIGN(auto keys, KeyFile(options.keys).read());
  std::map<std::string, KeyEntry, std::less<>> entries;
  std::map<std::string, Usage, std::less<>> usage;
  usage.insert(usage_.extract(std::string()));
  for (Key& key : keys) {
    KeyEntry entry{.key = std::move(key), .tools = {}};
    const auto& tools = entry.key.allowance.tools;
    if (!tools.empty()) entry.tools = std::make_shared<const std::vector<std::string>>(tools);
    const std::string id = entry.key.id;
    usage.insert(usage_.extract(id));
    entries.emplace(id, std::move(entry));
  }
  for (auto& [id, each] : usage) each.bucket.reset();  // its rate may have changed
  keys_ = std::move(entries);
  had_keys_ = had_keys_ || !keys_.empty();
  usage_ = std::move(usage);
  options_ = std::move(options);
  return ok_status();
}

Result<Principal> Gate::principal_of(std::string_view key) const {
  if (is_open()) return Principal();
  if (key.empty()) {
    return absl::UnauthenticatedError(
        "a key is needed: send it as X-API-Key or Authorization: Bearer");
  }
  const auto id = id_in(key);
  const auto found = id ? keys_.find(*id) : keys_.end();
  // An unknown key takes as long as a wrong one.
  static const Key kNoKey{.id = {}, .sha256 = std::string(64, '0'), .tenant = {}};
  if (!is_text_of(found == keys_.end() ? kNoKey : found->second.key, key)) {
    return absl::UnauthenticatedError("this key is not known");
  }
  Principal principal;
  principal.tenant = found->second.key.tenant;
  principal.key = found->second.key.id;
  principal.tools = found->second.tools;
  return principal;
}

Status Gate::admit(const Principal& principal) {
  if (principal.is_admitted) return ok_status();
  Decision decision = decide(principal);
  if (options_.on_admission) options_.on_admission(decision.admission);
  return std::move(decision.status);
}

Allowance Gate::allowance_of(const Principal& principal) const {
  const auto entry = keys_.find(principal.key);
  return entry == keys_.end() ? Allowance() : entry->second.key.allowance;
}

double Gate::rate_of(const Principal& principal) const {
  const Allowance allowance = allowance_of(principal);
  return allowance.runs_per_second > 0 ? allowance.runs_per_second : options_.runs_per_second;
}

Gate::Decision Gate::check_quota(const Usage& usage, const Allowance& allowance) const {
  const bool is_used_up = usage.day == today() && usage.runs >= allowance.runs_per_day;
  if (allowance.runs_per_day == 0 || !is_used_up) return {};
  auto status = absl::ResourceExhaustedError(
      fmt::format("quota_exceeded: {} runs a day are this key's, and they are used up",
                  allowance.runs_per_day));
  const std::chrono::seconds wait((today() + 1) * kDay - std::time(nullptr));
  return {Admission::kQuotaExceeded, with_retry_after(std::move(status), wait)};
}

Status Gate::check(const Principal& principal) const {
  const auto found = usage_.find(principal.key);
  if (found == usage_.end()) return ok_status();
  const auto now = options_.now();
  const Usage& usage = found->second;
  const auto wait = usage.breaker.wait(options_.breaker, now);
  if (wait.count() > 0) return breaker_open(wait).status;
  SKERRY_TRY(check_quota(usage, allowance_of(principal)).status);
  if (!usage.bucket) return ok_status();
  TokenBucket bucket = *usage.bucket;
  return take_token(bucket, rate_of(principal), now).status;
}

Gate::Decision Gate::decide(const Principal& principal) {
  const auto now = options_.now();
  Usage& usage = usage_[principal.key];
  if (!usage.breaker.allows(options_.breaker, now)) {
    return breaker_open(usage.breaker.wait(options_.breaker, now));
  }
  Decision quota = check_quota(usage, allowance_of(principal));
  if (!quota.status.ok()) return quota;
  if (const double rate = rate_of(principal); rate > 0) {
    if (!usage.bucket) usage.bucket.emplace(rate, now);
    Decision token = take_token(*usage.bucket, rate, now);
    if (!token.status.ok()) return token;
  }
  if (usage.day != today()) usage.runs = 0;
  usage.day = today();
  ++usage.runs;
  return {};
}

void Gate::record(const Principal& principal, RunEnd end) {
  usage_[principal.key].breaker.record(options_.breaker, end == RunEnd::kFault, options_.now());
}

Gate::Allowed Gate::allowed(const Principal& principal) const {
  const double rate = rate_of(principal);
  if (rate <= 0) return {};
  const auto now = options_.now();
  const auto found = usage_.find(principal.key);
  const bool has_bucket = found != usage_.end() && found->second.bucket;
  TokenBucket bucket = has_bucket ? *found->second.bucket : TokenBucket(rate, now);
  return {.limit = bucket.limit(), .remaining = bucket.left(now), .reset = bucket.wait(now)};
}

}  // namespace skerry::access
