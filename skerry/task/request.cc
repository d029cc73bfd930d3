// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "skerry/session/session_name.h"
#include "skerry/task/tasks.h"

namespace skerry::task {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxQuery = std::size_t{32} << 20;
constexpr std::size_t kMaxUser = 256;
constexpr std::array kModes = {"", "simple", "standard", "complex", "supervisor"};

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A call as `tool_calls`, `forced_tool_calls` and `tool_parameters` have it.
Result<agent::ToolCall> call_of(const json& item) {
  if (!item.is_object()) return absl::InvalidArgumentError("a tool's call must be an object");
  agent::ToolCall call;
  for (const char* key : {"tool", "tool_name", "name"}) {
    if (call.tool.empty()) call.tool = text_at(item, key);
  }
  if (call.tool.empty()) return absl::InvalidArgumentError("a tool's call names no tool");
  if (const auto nested = item.find("parameters"); nested != item.end() && nested->is_object()) {
    call.parameters = *nested;
  }
  return call;
}

/// `tool_parameters`: parameters stand beside the tool's name, too, and go before nested ones.
Result<agent::ToolCall> single_call(const json& item) {
  SKERRY_ASSIGN(agent::ToolCall call, call_of(item));
  constexpr std::array kNotParameters = {"tool", "tool_name", "name", "parameters"};
  for (const auto& [name, value] : item.items()) {
    if (std::find(kNotParameters.begin(), kNotParameters.end(), name) == kNotParameters.end()) {
      call.parameters[name] = value;
    }
  }
  return call;
}

Result<std::vector<std::string>> names_of(const json& list) {
  std::vector<std::string> names;
  for (const json& each : list) {
    if (!each.is_string()) {
      return absl::InvalidArgumentError("context.allowed_tools must be a list of names");
    }
    names.push_back(each.get<std::string>());
  }
  return names;
}

}  // namespace

Status check(const Submission& submission) {
  if (submission.query.size() > kMaxQuery) {
    return absl::InvalidArgumentError("query is longer than " + std::to_string(kMaxQuery) +
                                      " bytes");
  }
  if (!submission.session.empty() && !is_id(submission.session)) {
    return absl::InvalidArgumentError("session_id must be 1 to 128 letters, digits, and : _ - .");
  }
  if (submission.user.size() > kMaxUser) {
    return absl::InvalidArgumentError("user_id is longer than " + std::to_string(kMaxUser) +
                                      " bytes");
  }
  if (!submission.context.is_object()) {
    return absl::InvalidArgumentError("context must be an object");
  }
  if (std::find(kModes.begin(), kModes.end(), submission.mode) == kModes.end()) {
    return absl::InvalidArgumentError("mode must be simple, standard, complex or supervisor");
  }
  return ok_status();
}

Result<agent::Request> request_of(const Submission& submission) {
  agent::Request request{.query = submission.query};
  request.caller.tenant = submission.tenant;
  request.caller.user = submission.user;
  request.caller.key = submission.key;
  request.caller.tools = submission.tools;
  if (submission.runs_in_session) {
    SKERRY_TRY(session::SessionName::parse(submission.session).status());
    request.caller.session = submission.session;
  }
  const json& context = submission.context;
  request.mode = agent::mode_named(submission.mode).value_or(agent::Mode::kStandard);
  request.tier = agent::tier_named(text_at(context, "model_tier"));
  request.model = text_at(context, "model_override");
  for (const char* key : {"tool_calls", "forced_tool_calls"}) {
    const auto list = context.find(key);
    if (list == context.end() || list->is_null()) continue;
    if (!list->is_array()) {
      return absl::InvalidArgumentError("context." + std::string(key) + " must be a list");
    }
    for (const json& item : *list) {
      SKERRY_ASSIGN(auto call, call_of(item));
      request.calls.push_back(std::move(call));
    }
  }
  const auto single = context.find("tool_parameters");
  if (request.calls.empty() && single != context.end() && single->is_object() && !single->empty()) {
    SKERRY_ASSIGN(auto call, single_call(*single));
    request.calls.push_back(std::move(call));
  }
  const auto allowed = context.find("allowed_tools");
  if (allowed != context.end() && allowed->is_array()) {
    SKERRY_ASSIGN(request.allowed_tools, names_of(*allowed));
  }
  return request;
}

}  // namespace skerry::task
