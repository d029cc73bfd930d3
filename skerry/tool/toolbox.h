// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/gate.h"
#include "skerry/access/principal.h"
#include "skerry/base/token_bucket.h"
#include "skerry/tool/result_cache.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Which tools somebody looks for.
struct Search {
  std::string query = {};  ///< in name, description or tags, in any case of letters
  std::vector<std::string> categories = {};  ///< any of them; none: all
  std::vector<std::string> tags = {};        ///< any of them; none: all
  bool excludes_dangerous = false;
  std::size_t most = 0;  ///< 0: all
};

/// The tools there are, by name. Confined to the event loop's thread.
class Toolbox {
 public:
  void add(std::unique_ptr<Tool> tool);
  /// No call takes longer, whatever its tool allows; 0: that alone counts.
  void limit_time(std::chrono::seconds time) { time_ = time; }
  /// Keeps results of calls that name no session and that nobody watches, for so long. Such calls'
  /// metadata say whether they were `cached`.
  void keep_results(ResultCache::Times times) { cache_->set_times(std::move(times)); }
  /// What has been kept: how long it is, and how to be rid of it.
  ResultCache& results() const { return *cache_; }
  /// From now on each call is admitted by `gate`, which must outlive this; so are the runs that are
  /// parts of it.
  void guard(access::Gate& gate) { gate_ = &gate; }
  /// Fails as a call would be refused now, but counts nothing.
  Status check(const access::Principal& caller) const {
    return gate_ == nullptr ? ok_status() : gate_->check(caller);
  }
  /// From now on `watcher`, which must outlive this, hears of every call.
  void watch(CallWatcher& watcher) { watchers_.push_back(&watcher); }
  /// Tells the watchers of a call that was made elsewhere.
  void tell(const access::Principal& caller, std::string_view tool, const ToolResult& result) const;

  /// Null when there is none of that name.
  const Definition* find(std::string_view name) const;
  /// In the order in which they were added.
  std::vector<const Definition*> search(const Search& search) const;

  /// Checks the parameters and calls the tool. Never fails but by the result's verdict.
  boost::asio::awaitable<ToolResult> call(std::string name, nlohmann::json parameters,
                                          access::Principal caller, OutputCallback on_output) const;

 private:
  Tool* tool_of(std::string_view name) const;
  void record(const access::Principal& caller, Verdict verdict) const;
  boost::asio::awaitable<ToolResult> result_of(std::string_view name, nlohmann::json parameters,
                                               const access::Principal& caller,
                                               OutputCallback on_output) const;
  boost::asio::awaitable<ToolResult> result_in_time(Tool& tool, Arguments arguments,
                                                    access::Principal caller,
                                                    OutputCallback on_output) const;
  boost::asio::awaitable<ToolResult> made(Tool& tool, Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) const;
  std::vector<std::unique_ptr<Tool>> tools_;
  std::unique_ptr<ResultCache> cache_ = std::make_unique<ResultCache>();
  Status take_turn(const Definition& tool, const access::Principal& caller) const;

  access::Gate* gate_ = nullptr;
  std::vector<CallWatcher*> watchers_;
  // Of tools whose calls are limited: by key or else tenant, then the tool.
  mutable std::map<std::pair<std::string, std::string>, TokenBucket> turns_;
  std::chrono::seconds time_{0};
};

}  // namespace skerry::tool
