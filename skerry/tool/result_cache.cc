// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/result_cache.h"

#include <algorithm>
#include <array>
#include <utility>

#include "skerry/base/sha256.h"

namespace skerry::tool {
namespace {

constexpr std::array<std::string_view, 4> kCacheable{"calculator", "code_executor",
                                                     "python_executor", "python_wasi_runner"};

}  // namespace

bool is_cacheable(std::string_view tool) {
  return std::find(kCacheable.begin(), kCacheable.end(), tool) != kCacheable.end();
}

std::chrono::seconds ResultCache::time_of(std::string_view tool) const {
  const auto found = times_.find(tool);
  return found == times_.end() ? std::chrono::seconds(0) : found->second;
}

ResultCache::Call ResultCache::call_of(const access::Principal& caller, std::string_view tool,
                                       const Arguments& arguments) {
  // Modules are arguments, too, and may have megabytes.
  const std::string text = arguments.all().dump();
  return {
      .tenant = caller.tenant, .tool = std::string(tool), .arguments = sha256_hex(as_bytes(text))};
}

// No tenant has a line feed in its name.
std::string ResultCache::key_of(const Call& call) {
  return call.tenant + "\n" + call.tool + "\n" + call.arguments;
}

void ResultCache::remove(Iterator place) {
  bytes_ -= place->bytes;
  places_.erase(key_of(place->call));
  kept_.erase(place);
}

std::optional<ToolResult> ResultCache::find(const Call& call, Clock::time_point now) {
  const auto found = places_.find(key_of(call));
  if (found == places_.end()) return std::nullopt;
  const Iterator place = found->second;
  if (place->until <= now) {
    remove(place);
    return std::nullopt;
  }
  kept_.splice(kept_.begin(), kept_, place);
  ToolResult result = place->result;
  result.metadata["cached"] = true;
  result.cache = CacheUse::kHit;
  return result;
}

void ResultCache::keep(const Call& call, const ToolResult& result, Clock::time_point now) {
  if (!result.succeeded() || time_of(call.tool).count() == 0) return;
  const std::string key = key_of(call);
  if (const auto old = places_.find(key); old != places_.end()) remove(old->second);
  const std::uint64_t bytes =
      result.output.dump().size() + result.metadata.dump().size() + 2 * key.size();
  if (bytes > bounds_.one.value) return;
  kept_.push_front(
      {.call = call, .result = result, .bytes = bytes, .until = now + time_of(call.tool)});
  places_[key] = kept_.begin();
  bytes_ += bytes;
  while (kept_.size() > bounds_.results || bytes_ > bounds_.all.value) {
    remove(std::prev(kept_.end()));
  }
}

std::size_t ResultCache::forget(std::string_view tenant, std::string_view tool) {
  const std::size_t before = kept_.size();
  for (auto each = kept_.begin(); each != kept_.end();) {
    const Iterator place = each++;
    if (place->call.tenant == tenant && place->call.tool == tool) remove(place);
  }
  return before - kept_.size();
}

}  // namespace skerry::tool
