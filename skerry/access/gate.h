// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "skerry/access/key_file.h"
#include "skerry/access/rate.h"
#include "skerry/base/status.h"
#include "skerry/tool/tool.h"

namespace skerry::access {

/// Who may do what, and how often: keys become callers, and each run or call of a tool is admitted
/// or told when to come back.
///
/// Confined to the event loop's thread.
class Gate final : public tool::CallWatcher {
 public:
  struct Setting {
    std::filesystem::path keys;  ///< the file
    /// Else everybody is `default` where there never was a key since the start: that the last one
    /// was revoked opens nothing.
    bool requires_key = false;
    double runs_per_second = 0;  ///< of each key that has no number of its own; 0: not limited
    CircuitBreaker::Setting breaker = {};
    /// Hears whether a caller was let in; may be empty.
    std::function<void(const Status&)> admitted = {};
    std::function<Clock::time_point()> now = [] { return Clock::now(); };
  };
  /// Fails as `KeyFile::read` does.
  static Result<std::unique_ptr<Gate>> open(Setting setting);

  /// Reads the keys again. What was admitted stays so; when this fails, nothing has changed.
  Status reload(Setting setting);

  bool has_keys() const { return !keys_.empty(); }

  /// Whether nobody needs a key.
  bool is_open() const { return !setting_.requires_key && !had_keys_; }

  /// The caller with this key; empty: one without. kUnauthenticated when that is none.
  Result<tool::Caller> caller_of(std::string_view key) const;

  /// Whether a caller may start something now.
  struct Admission {
    Status status;                      ///< kResourceExhausted or kUnavailable when not
    double limit = 0;                   ///< calls that may come at once; 0: not limited
    double remaining = 0;               ///< of these
    std::chrono::milliseconds wait{0};  ///< until it is worth asking again
  };
  Admission admit(const tool::Caller& caller);

  /// How a call ended: time-outs and failures of ours count for the breaker.
  void called(const tool::Caller& caller, std::string_view tool,
              const tool::ToolResult& result) override;

 private:
  explicit Gate(Setting setting) : setting_(std::move(setting)) {}
  Admission judge(const tool::Caller& caller);

  struct Known {
    Key key;
    std::shared_ptr<const std::vector<std::string>> tools;  // null: all
  };
  /// What is counted of one key.
  struct Counted {
    std::optional<TokenBucket> bucket;
    CircuitBreaker breaker;
    std::int64_t day = 0;
    std::int64_t runs = 0;
  };

  Setting setting_;
  bool had_keys_ = false;
  std::map<std::string, Known, std::less<>> keys_;       // by id
  std::map<std::string, Counted, std::less<>> counted_;  // by id; empty: without a key
};

}  // namespace skerry::access
