// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "skerry/access/principal.h"
#include "skerry/base/bytes.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Whether results of the tool of this name may be kept at all: it keeps no state of its own, and
/// what it answers follows from its arguments, but for clock and random numbers.
bool is_cacheable(std::string_view tool);

/// Results of calls that succeeded, given again to the same tenant for the same arguments, for as
/// long as the operator said for each tool. Without a time for a tool nothing of it is kept. The
/// least recently used go when there are too many. Confined to one thread.
class ResultCache {
 public:
  using Clock = std::chrono::steady_clock;
  /// By the tool's name.
  using Times = std::map<std::string, std::chrono::seconds, std::less<>>;

  struct Bounds {
    std::size_t results = 10'000;
    ByteSize all = mib(64);
    ByteSize one = mib(1);
  };

  ResultCache() = default;
  explicit ResultCache(Bounds bounds) : bounds_(bounds) {}

  /// By tool, how long its results are kept from now on; tools that are not there: not at all.
  void set_times(Times times) { times_ = std::move(times); }

  /// How long a result of the tool is given again; 0: not at all.
  std::chrono::seconds time_of(std::string_view tool) const;

  /// Which call it is: made of all that the result follows from.
  struct Call {
    std::string tenant;
    std::string tool;
    std::string arguments;  ///< their hash
  };
  static Call call_of(const access::Principal& caller, std::string_view tool,
                      const Arguments& arguments);

  /// A result that is still good; its metadata say `"cached": true`.
  std::optional<ToolResult> find(const Call& call, Clock::time_point now = Clock::now());

  /// Keeps the result if it is a success and no larger than one may be.
  void keep(const Call& call, const ToolResult& result, Clock::time_point now = Clock::now());

  /// Forgets the tenant's results of the tool. How many there were.
  std::size_t forget(std::string_view tenant, std::string_view tool);

  std::size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    Call call;
    ToolResult result;
    std::uint64_t bytes = 0;
    Clock::time_point until;
  };
  using Iterator = std::list<Kept>::iterator;
  static std::string key_of(const Call& call);
  void remove(Iterator place);

  Times times_;
  Bounds bounds_;
  std::list<Kept> kept_;  // the last used first
  std::unordered_map<std::string, Iterator> places_;
  std::uint64_t bytes_ = 0;
};

}  // namespace skerry::tool
