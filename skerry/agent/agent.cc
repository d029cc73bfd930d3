// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/agent.h"

#include <algorithm>
#include <utility>

#include "skerry/agent/direct_code.h"
#include "skerry/base/bytes.h"
#include "skerry/tool/python_executor.h"

namespace skerry::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMostCalls = 100;
// Longer texts (modules, mostly) are not shown to who has them.
constexpr std::size_t kLongestShown = 4096;

ToolCall shown(const ToolCall& call) {
  ToolCall shown{.tool = call.tool, .parameters = json::object()};
  if (!call.parameters.is_object()) return shown;
  for (const auto& [name, value] : call.parameters.items()) {
    const auto* text = value.get_ptr<const std::string*>();
    shown.parameters[name] = text == nullptr || text->size() <= kLongestShown
                                 ? value
                                 : json(std::string(clip(*text, kLongestShown)) + "…");
  }
  return shown;
}

bool takes_time(const tool::Definition* tool) {
  return tool != nullptr &&
         std::any_of(tool->parameters.begin(), tool->parameters.end(),
                     [](const auto& each) { return each.name == "timeout_seconds"; });
}

}  // namespace

std::string text_of(const json& output) {
  if (output.is_null()) return {};
  return output.is_string() ? output.get<std::string>() : output.dump();
}

Result<Plan> Agent::plan(Request request) const {
  Plan plan{.calls = std::move(request.calls), .caller = std::move(request.caller)};
  if (plan.calls.empty()) {
    if (request.query.empty()) {
      return absl::InvalidArgumentError("there is neither a query nor a tool to call in it");
    }
    auto code = code_in(request.query);
    if (!code) {
      return absl::FailedPreconditionError(
          "this query needs a language model, and none is configured; without one, ask \"Execute "
          "Python: CODE\", or say which tool to call");
    }
    plan.calls.push_back(
        {.tool = tool::PythonExecutor::kName, .parameters = {{"code", *std::move(code)}}});
  }
  if (plan.calls.size() > kMostCalls) {
    return absl::InvalidArgumentError("more than 100 tools to call");
  }
  for (ToolCall& call : plan.calls) {
    if (call.tool.empty()) return absl::InvalidArgumentError("a call names no tool");
    const auto& allowed = request.allowed_tools;
    if (allowed && std::find(allowed->begin(), allowed->end(), call.tool) == allowed->end()) {
      return absl::PermissionDeniedError("tool \"" + call.tool +
                                         "\" is not among those that this request allows");
    }
    if (request.timeout_seconds > 0 && call.parameters.is_object() &&
        !call.parameters.contains("timeout_seconds") && takes_time(tools_.find(call.tool))) {
      call.parameters["timeout_seconds"] = request.timeout_seconds;
    }
  }
  return plan;
}

boost::asio::awaitable<Answer> Agent::carry_out(Plan plan, Observer observer) const {
  Answer answer;
  for (ToolCall& call : plan.calls) {
    Execution execution{.call = shown(call), .result = {}};
    if (observer.begins) observer.begins(execution.call);
    execution.result = co_await tools_.call(std::move(call.tool), std::move(call.parameters),
                                            plan.caller, observer.output);
    if (observer.ended) observer.ended(execution);
    const tool::ToolResult& result = execution.result;
    answer.succeeded = answer.succeeded && result.succeeded();
    answer.response = result.succeeded() ? text_of(result.output) : result.error;
    const bool is_cancelled = result.verdict == tool::Verdict::kCancelled;
    answer.executions.push_back(std::move(execution));
    if (is_cancelled) break;
  }
  co_return answer;
}

}  // namespace skerry::agent
