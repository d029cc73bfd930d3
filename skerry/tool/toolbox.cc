// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/toolbox.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/bytes.h"
#include "skerry/base/utf8.h"
#include "skerry/tool/run_result.h"

namespace skerry::tool {
namespace {

constexpr std::size_t kMaxUnknownTool = 128;  // of an unknown tool, in a message
constexpr std::size_t kMaxTurns = 10'000;

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool fits(const Definition& tool, const Search& search) {
  if (search.excludes_dangerous && tool.is_dangerous) return false;
  if (!search.categories.empty() && !contains(search.categories, tool.category)) return false;
  const auto has_tag = [&](const std::string& tag) { return contains(tool.tags, tag); };
  if (!search.tags.empty() && std::none_of(search.tags.begin(), search.tags.end(), has_tag)) {
    return false;
  }
  std::string words = tool.name + "\n" + tool.description;
  for (const std::string& tag : tool.tags) words += "\n" + tag;
  return lower(words).find(lower(search.query)) != std::string::npos;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kTimeout:
      return "timeout";
    case Verdict::kCancelled:
      return "cancelled";
    case Verdict::kInvalid:
      return "invalid";
    case Verdict::kUnknownTool:
      return "unknown_tool";
    case Verdict::kForbidden:
      return "forbidden";
    case Verdict::kBusy:
      return "busy";
    case Verdict::kUnavailable:
      return "unavailable";
    case Verdict::kBroken:
      return "broken";
  }
  return "broken";
}

ToolResult failed(Verdict verdict, std::string error) {
  return {.verdict = verdict, .error = std::move(error)};
}

void Toolbox::add(std::unique_ptr<Tool> tool) { tools_.push_back(std::move(tool)); }

Tool* Toolbox::tool_of(std::string_view name) const {
  const auto found = std::find_if(tools_.begin(), tools_.end(), [&](const auto& tool) {
    return tool->definition().name == name;
  });
  return found == tools_.end() ? nullptr : found->get();
}

const Definition* Toolbox::find(std::string_view name) const {
  const Tool* tool = tool_of(name);
  return tool == nullptr ? nullptr : &tool->definition();
}

std::vector<const Definition*> Toolbox::search(const Search& search) const {
  std::vector<const Definition*> found;
  for (const auto& tool : tools_) {
    if (search.most != 0 && found.size() == search.most) break;
    if (fits(tool->definition(), search)) found.push_back(&tool->definition());
  }
  return found;
}

void Toolbox::tell(const access::Principal& caller, std::string_view tool,
                   const ToolResult& result) const {
  for (CallWatcher* watcher : watchers_) watcher->called(caller, tool, result);
}

/// What the caller got wrong is no fault of the service; time-outs and our own failures are.
void Toolbox::record(const access::Principal& caller, Verdict verdict) const {
  if (gate_ == nullptr || verdict == Verdict::kInvalid || verdict == Verdict::kBusy) return;
  const bool is_fault = verdict == Verdict::kTimeout || verdict == Verdict::kBroken;
  gate_->record(caller, is_fault ? access::Gate::RunEnd::kFault : access::Gate::RunEnd::kSuccess);
}

boost::asio::awaitable<ToolResult> Toolbox::call(std::string name, nlohmann::json parameters,
                                                 access::Principal caller,
                                                 OutputCallback on_output) const {
  const auto begun = std::chrono::steady_clock::now();
  ToolResult result;
  if (const Status admitted = gate_ == nullptr ? ok_status() : gate_->admit(caller);
      admitted.ok()) {
    caller.is_admitted = true;
    auto calling = result_of(name, std::move(parameters), caller, std::move(on_output));
    result = co_await std::move(calling);
    record(caller, result.verdict);
  } else {
    result = tool::result_of(admitted);
  }
  result.took = std::chrono::steady_clock::now() - begun;
  tell(caller, name, result);
  co_return result;
}

boost::asio::awaitable<ToolResult> Toolbox::result_of(std::string_view name,
                                                      nlohmann::json parameters,
                                                      const access::Principal& caller,
                                                      OutputCallback on_output) const {
  Tool* tool = tool_of(name);
  if (tool == nullptr) {
    co_return failed(Verdict::kUnknownTool,
                     "Tool not found: " + to_utf8(clip(name, kMaxUnknownTool)));
  }
  if (!caller.may_call(name)) {
    co_return failed(Verdict::kForbidden,
                     "tool \"" + std::string(name) + "\" is not among those of this key");
  }
  auto arguments = Arguments::check(tool->definition(), std::move(parameters));
  if (!arguments.ok()) {
    co_return failed(Verdict::kInvalid, std::string(message_of(arguments.status())));
  }
  if (const Status turn = take_turn(tool->definition(), caller); !turn.ok()) {
    co_return failed(Verdict::kBusy, std::string(message_of(turn)));
  }
  const bool names_session = !caller.session.empty() || arguments->has("session_id");
  const bool is_kept = cache_->time_of(name).count() > 0 && !on_output && !names_session;
  if (!is_kept) {
    auto making = made(*tool, *std::move(arguments), caller, std::move(on_output));
    co_return co_await std::move(making);
  }
  const ResultCache::Call which = ResultCache::call_of(caller, name, *arguments);
  if (auto known = cache_->find(which)) co_return *std::move(known);
  auto making = made(*tool, *std::move(arguments), caller, {});
  ToolResult result = co_await std::move(making);
  result.metadata["cached"] = false;
  result.cache = CacheUse::kMiss;
  cache_->keep(which, result);
  co_return result;
}

Status Toolbox::take_turn(const Definition& tool, const access::Principal& caller) const {
  if (tool.calls_per_minute == 0) return ok_status();
  const auto now = TokenBucket::Clock::now();
  // Those who have not come for a minute are as good as new.
  if (turns_.size() > kMaxTurns) {
    for (auto each = turns_.begin(); each != turns_.end();) {
      const bool is_new = each->second.left(now) >= each->second.limit();
      each = is_new ? turns_.erase(each) : std::next(each);
    }
  }
  const std::string who = caller.key.empty() ? "tenant " + caller.tenant : caller.key;
  TokenBucket& bucket =
      turns_.try_emplace({who, tool.name}, tool.calls_per_minute / 60.0, tool.calls_per_minute, now)
          .first->second;
  if (bucket.take(now)) return ok_status();
  return absl::ResourceExhaustedError(
      "rate_limit_exceeded: " + std::to_string(tool.calls_per_minute) + " calls of " + tool.name +
      " a minute are allowed; the next in " + std::to_string(bucket.wait(now).count()) + " ms");
}

boost::asio::awaitable<ToolResult> Toolbox::made(Tool& tool, Arguments arguments,
                                                 access::Principal caller,
                                                 OutputCallback on_output) const {
  if (time_.count() == 0)
    return tool.call(std::move(arguments), std::move(caller), std::move(on_output));
  return result_in_time(tool, std::move(arguments), std::move(caller), std::move(on_output));
}

boost::asio::awaitable<ToolResult> Toolbox::result_in_time(Tool& tool, Arguments arguments,
                                                           access::Principal caller,
                                                           OutputCallback on_output) const {
  using boost::asio::experimental::awaitable_operators::operator||;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time_);
  // A call that is cancelled has a result like any other, and what it had to say by then.
  ToolResult result{.verdict = Verdict::kCancelled};
  const auto call = [&]() -> boost::asio::awaitable<void> {
    auto calling = tool.call(std::move(arguments), std::move(caller), std::move(on_output));
    result = co_await std::move(calling);
  };
  auto calling = call();
  auto waiting = timer.async_wait(boost::asio::use_awaitable);
  auto either = std::move(calling) || std::move(waiting);
  const auto first = co_await std::move(either);
  if (first.index() == 0 || result.succeeded()) co_return result;
  result.verdict = Verdict::kTimeout;
  result.error = "request_timeout: the call took more than the " + std::to_string(time_.count()) +
                 " s of enforcement.timeout_seconds";
  co_return result;
}

}  // namespace skerry::tool
