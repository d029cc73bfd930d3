// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/access/key_file.h"
#include "skerry/access/principal.h"
#include "skerry/access/rate.h"
#include "skerry/base/status.h"

namespace skerry::access {

/// Turns API keys into principals and decides, run by run, whether a principal may start one now:
/// rates, daily quotas and the circuit breaker.
///
/// Confined to the event loop's thread.
class Gate {
 public:
  /// What was decided about a run.
  enum class Admission { kAllowed, kRateExceeded, kQuotaExceeded, kBreakerOpen };

  struct Options {
    std::filesystem::path keys;  ///< the file
    /// Anonymous access is allowed while the file has held no key since the start. Revoking the
    /// last key does not allow it again. With this it is never allowed.
    bool requires_key = false;
    double runs_per_second = 0;  ///< of each key without a rate of its own; 0: unlimited
    CircuitBreaker::Options breaker = {};
    /// Called with each decision of `admit`; may be empty.
    std::function<void(Admission)> on_admission = {};
    std::function<Clock::time_point()> now = [] { return Clock::now(); };
  };
  /// Fails as `KeyFile::read` does.
  static Result<std::unique_ptr<Gate>> open(Options options);

  /// Reads the keys again. Runs that were admitted go on; on failure nothing has changed.
  Status reload(Options options);

  bool has_keys() const { return !keys_.empty(); }

  /// Whether anonymous access is allowed.
  bool is_open() const { return !options_.requires_key && !had_keys_; }

  /// The principal of a key; an empty key is none. Without any keys a key is ignored, because some
  /// clients insist on sending one. kUnauthenticated for an unknown key, and for none where one is
  /// required.
  Result<Principal> principal_of(std::string_view key) const;

  /// Admits one run and counts it, unless it is part of something that was. kResourceExhausted or
  /// kUnavailable, with `retry_after`, when the rate, the day's quota or the breaker does not allow
  /// it.
  Status admit(const Principal& principal);

  /// Fails as `admit` would now, but counts nothing: for work that is queued and admitted later.
  Status check(const Principal& principal) const;

  /// How a run ended, for the breaker.
  enum class RunEnd {
    kSuccess,
    kFault,  ///< a time-out, or a failure of ours
  };
  void record(const Principal& principal, RunEnd end);

  /// Where a principal stands with its rate, for the headers X-RateLimit-*.
  struct Allowed {
    double limit = 0;                    ///< runs that may start at once; 0: unlimited
    double remaining = 0;                ///< of these
    std::chrono::milliseconds reset{0};  ///< until the next one is allowed
  };
  Allowed allowed(const Principal& principal) const;

 private:
  explicit Gate(Options options) : options_(std::move(options)) {}

  struct KeyEntry {
    Key key;
    std::shared_ptr<const std::vector<std::string>> tools;  // null: all
  };
  /// What is counted for one key.
  struct Usage {
    std::optional<TokenBucket> bucket;
    CircuitBreaker breaker;
    std::int64_t day = 0;
    std::int64_t runs = 0;
  };
  Allowance allowance_of(const Principal& principal) const;
  double rate_of(const Principal& principal) const;
  /// A decision, and its status.
  struct Decision {
    Admission admission = Admission::kAllowed;
    Status status = {};
  };
  static Decision breaker_open(std::chrono::milliseconds wait);
  static Decision take_token(TokenBucket& bucket, double rate, Clock::time_point now);
  Decision check_quota(const Usage& usage, const Allowance& allowance) const;
  Decision decide(const Principal& principal);

  Options options_;
  bool had_keys_ = false;
  std::map<std::string, KeyEntry, std::less<>> keys_;  // by id
  std::map<std::string, Usage, std::less<>> usage_;    // by id; empty: without a key
};

}  // namespace skerry::access
