// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/session_tools.h"

#include <optional>
#include <string>
#include <utility>

#include "skerry/base/time_text.h"
#include "skerry/tool/run_result.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::tool {
namespace {

using nlohmann::json;

// A state may have more names than anybody wants to read.
constexpr std::size_t kMaxVariables = 200;

json info_json(const store::SessionInfo& info, const session::Variables& variables) {
  json told{{"session_id", info.name},
            {"execution_count", info.runs},
            {"revision", info.head},
            {"template", info.template_name},
            {"bytes", info.bytes},
            {"created_at", utc_time(info.created_unix_ns)},
            {"last_accessed", utc_time(info.used_unix_ns)},
            {"variable_count", variables.size()},
            {"variables", json::array()}};
  for (const auto& [name, variable] : variables) {
    if (told["variables"].size() == kMaxVariables) break;
    told["variables"].push_back(
        {{"name", name}, {"type", variable.type}, {"value", variable.text}});
  }
  return told;
}

/// A session that is not there is the caller's affair, not our failure.
ToolResult refusal(const Status& status) {
  if (status.code() != StatusCode::kNotFound) return result_of(status);
  return failed(Verdict::kFailed, std::string(message_of(status)));
}

}  // namespace

const Definition& GetSessionInfo::definition() const {
  static const Definition kDefinition{
      .name = "get_session_info",
      .version = "1.0.0",
      .description = "Tells what a session holds: its runs, its times, its size, its variables",
      .category = std::string(kSessionCategory),
      .parameters = {{.name = "session_id",
                      .description = "Which session; left out: that of the request"}},
      .tags = {"python", "session"},
      .examples = {{{"session_id", "analysis"}}}};
  return kDefinition;
}

boost::asio::awaitable<ToolResult> GetSessionInfo::call(Arguments arguments,
                                                        access::Principal caller, OutputCallback) {
  const session::SessionRef ref{
      .principal = caller,
      .name = arguments.has_text("session_id") ? arguments.text("session_id") : caller.session};
  if (ref.name.empty()) {
    co_return failed(Verdict::kInvalid, "Missing required parameter: session_id");
  }
  session::SessionRef same = ref;
  const auto info = co_await sessions_.info(std::move(same));
  if (!info.ok()) co_return refusal(info.status());
  same = ref;
  v1::DiffRequest all;
  all.set_from("0");  // the template
  const auto variables = co_await sessions_.diff(std::move(same), std::move(all));
  if (!variables.ok()) co_return refusal(variables.status());
  co_return ToolResult{.output = info_json(*info, variables->added)};
}

const Definition& ClearSessions::definition() const {
  static const Definition kDefinition{
      .name = "clear_sessions",
      .version = "1.0.0",
      .description = "Forgets a session, or all of them: variables, files, every revision",
      .category = std::string(kSessionCategory),
      .parameters = {{.name = "session_id", .description = "Which session; left out: all"}},
      .tags = {"python", "session"},
      .is_dangerous = true,
      .examples = {{{"session_id", "analysis"}}}};
  return kDefinition;
}

boost::asio::awaitable<ToolResult> ClearSessions::call(Arguments arguments,
                                                       access::Principal caller, OutputCallback) {
  std::optional<std::string> name;
  if (arguments.has("session_id")) name = arguments.text("session_id");
  const auto cleared = co_await sessions_.clear(std::move(caller), std::move(name));
  if (!cleared.ok()) co_return refusal(cleared.status());
  co_return ToolResult{.output = {{"cleared", *cleared}}};
}

}  // namespace skerry::tool
