// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "skerry/agent/query_fields.h"
#include "skerry/base/formats/json_fields.h"
#include "skerry/store/session_name.h"
#include "skerry/task/tasks.h"

namespace skerry::task {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxQuery = std::size_t{32} << 20;
constexpr std::size_t kMaxUser = 256;
constexpr std::array kModes = {"", "simple", "standard", "complex", "supervisor"};

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
    SKERRY_TRY(store::SessionName::parse(submission.session).status());
    request.caller.session = submission.session;
  }
  json context = json::object();
  for (const char* name : agent::kContextFields) {
    if (const json* given = field(submission.context, name)) context[name] = *given;
  }
  request.mode = agent::mode_named(submission.mode).value_or(agent::Mode::kStandard);
  SKERRY_TRY(agent::read_context(context, request));
  for (const char* name : {"tool_calls", "forced_tool_calls"}) {
    SKERRY_TRY(agent::read_calls(context, name, request).status());
  }
  const json* single = field(context, "tool_parameters");
  if (request.calls.empty() && single != nullptr && *single != json::object()) {
    SKERRY_TRY(agent::read_single_call(context, request));
  }
  return request;
}

}  // namespace skerry::task
