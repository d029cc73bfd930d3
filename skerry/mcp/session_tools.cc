// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/session_tools.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "skerry/http/json_schema.h"
#include "skerry/mcp/content.h"
#include "skerry/mcp/page.h"
#include "skerry/run/message_decoder.h"
#include "skerry/run/message_json.h"
#include "skerry/session/session_report.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using nlohmann::json;
using nlohmann::ordered_json;
using session::SessionRef;
using session::Sessions;

// Sessions in one answer.
constexpr std::size_t kPage = 200;

template <typename Message>
ordered_json schema_of() {
  return run::schema_of(*Message::descriptor());
}

ordered_json session_schema() {
  const auto& field = *v1::GetSessionRequest::descriptor()->FindFieldByName("session");
  return run::schema_of(field, run::rules_of(field));
}

/// A result as a tool's: its value's JSON, or what failed.
template <typename Value>
ToolResult told(const Result<Value>& result) {
  return result.ok() ? structured_result(session::json_of(*result))
                     : failed_result(result.status());
}

Sessions::Awaited<session::SessionLog> log(Sessions& sessions, SessionRef ref,
                                           const v1::GetSessionRequest&) {
  return sessions.log(std::move(ref));
}

/// Calls `work` on the session that the arguments name, with the rest of them as a message.
template <typename Asked, typename Work>
awaitable<Tool::Outcome> work_on(Sessions& sessions, Work work, const run::MessageDecoder& decoder,
                                 access::Principal caller, json arguments) {
  if (const Status status = caller.check_may_run(); !status.ok()) co_return failed_result(status);
  const auto name = arguments.find("session");
  if (name == arguments.end() || !name->is_string()) {
    co_return failed_result(absl::InvalidArgumentError("Parameter 'session' must be a text"));
  }
  SessionRef ref{.principal = std::move(caller), .name = std::move(name->get_ref<std::string&>())};
  arguments.erase(name);
  Asked asked;
  const Status parsed = decoder.parse(std::move(arguments), asked);
  if (!parsed.ok()) co_return failed_result(parsed);
  auto working = std::invoke(work, sessions, std::move(ref), std::move(asked));
  co_return told(co_await std::move(working));
}

/// The tool of which `Asked` is the message, beside its session's name.
template <typename Asked, typename Told, typename Work>
Tool tool_on(Sessions& sessions, Work work, const char* name, const char* title, const char* what,
             Effect effect) {
  const auto decoder = std::make_shared<const run::MessageDecoder>(*Asked::descriptor(), name);
  const ordered_json given = decoder->schema();
  ordered_json input = given;
  input["properties"] = {{"session", session_schema()}};
  input["properties"].update(given["properties"]);
  input["required"].push_back("session");
  return {.description = describe(name, title, what, effect, std::move(input), schema_of<Told>()),
          .call = [&sessions, work, decoder](const Request& request, json arguments) {
            return work_on<Asked>(sessions, work, *decoder, request.caller, std::move(arguments));
          }};
}

awaitable<Tool::Outcome> list(Sessions& sessions, access::Principal caller, json arguments) {
  if (const Status status = caller.check_may_run(); !status.ok()) co_return failed_result(status);
  const Page page{.size = kPage};
  const auto from = page.start(arguments.value("cursor", json()));
  if (!from) co_return failed_result(absl::InvalidArgumentError("there is no such cursor"));
  const auto all = co_await sessions.list(std::move(caller));
  if (!all.ok()) co_return failed_result(all.status());
  const auto [begin, end, next] = page.range(*from, all->size());
  const std::vector<store::SessionInfo> shown(all->begin() + begin, all->begin() + end);
  ordered_json value = session::json_of(shown);
  value["next_cursor"] = next ? ordered_json(*next) : ordered_json();
  co_return structured_result(std::move(value));
}

Tool list_tool(Sessions& sessions) {
  ordered_json output = schema_of<v1::ListSessionsResponse>();
  output["properties"]["next_cursor"] = {{"type", {"string", "null"}},
                                         {"description", "Asks for the sessions after these"}};
  ordered_json cursor = {{"type", {"string", "null"}},
                         {"description", "The next_cursor of an earlier answer"}};
  ordered_json input = http::object_of({{"cursor", std::move(cursor)}}, {});
  input["additionalProperties"] = false;
  return {
      .description = describe("session_list", "List sessions", "Lists sessions, last used first",
                              Effect::kReads, std::move(input), std::move(output)),
      .call = [&sessions](const Request& request, json arguments) {
        return list(sessions, request.caller, std::move(arguments));
      }};
}

}  // namespace

std::vector<Tool> session_tools(Sessions& sessions) {
  return {
      list_tool(sessions),
      tool_on<v1::GetSessionRequest, v1::SessionLog>(
          sessions, log, "session_log", "Show a session's history",
          "A session's revisions, one for each run that changed it, and what else happened",
          Effect::kReads),
      tool_on<v1::CheckpointRequest, v1::CheckpointResponse>(
          sessions, &Sessions::checkpoint, "session_checkpoint", "Checkpoint a session",
          "Gives the state that a session is in a label to come back to", Effect::kAdds),
      tool_on<v1::RewindRequest, v1::Revision>(
          sessions, &Sessions::rewind, "session_rewind", "Rewind a session",
          "Takes a session back to an earlier revision, by number or label: variables and files. "
          "Later revisions stay, and can be gone to as well",
          Effect::kAdds),
      tool_on<v1::ForkRequest, v1::Session>(
          sessions, &Sessions::fork, "session_fork", "Fork a session",
          "Makes a second session that starts where this one is, to try something in",
          Effect::kAdds),
      tool_on<v1::DiffRequest, v1::DiffResponse>(
          sessions, &Sessions::diff, "session_diff", "Compare revisions of a session",
          "Variables added, changed and removed from one revision to another", Effect::kReads)};
}

}  // namespace skerry::mcp
