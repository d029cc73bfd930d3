// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/query_fields.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "skerry/base/formats/json_fields.h"

namespace skerry::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxHistory = 1000;
constexpr std::array kToolNames = {"tool", "tool_name", "name"};

std::string tool_of(const json& call) {
  for (const char* name : kToolNames) {
    if (std::string tool = text_at(call, name); !tool.empty()) return tool;
  }
  return {};
}

/// A number that is whole and fits.
Result<int> whole_number(const json& value, const char* name) {
  const double number = value.is_number() ? value.get<double>() : 0.5;
  if (std::trunc(number) != number || std::abs(number) > 1e9) return must_be(name, "an integer");
  return static_cast<int>(number);
}

}  // namespace

Result<bool> read_calls(json& fields, const char* name, Request& request) {
  if (field(fields, name) == nullptr) return false;
  json& list = fields[name];
  const std::string item = "an item of " + std::string(name);
  if (!list.is_array()) return must_be(name, "a list");
  for (json& each : list) {
    if (!each.is_object()) return must_be(item, "an object");
    ToolCall call{.tool = tool_of(each)};
    if (field(each, "parameters") != nullptr) {
      call.parameters = std::move(each["parameters"]);
    }
    request.calls.push_back(std::move(call));
  }
  return true;
}

Status read_single_call(json& fields, Request& request) {
  if (field(fields, "tool_parameters") == nullptr) return ok_status();
  json& given = fields["tool_parameters"];
  if (!given.is_object()) return must_be("tool_parameters", "an object");
  ToolCall call{.tool = tool_of(given)};
  if (call.tool.empty() && request.allowed_tools && request.allowed_tools->size() == 1) {
    call.tool = request.allowed_tools->front();
  }
  if (call.tool.empty()) {
    return absl::InvalidArgumentError(
        "tool_parameters names no tool: give \"tool\", or one in available_tools");
  }
  for (const char* name : kToolNames) given.erase(name);
  if (const auto nested = given.find("parameters"); nested != given.end() && nested->is_object()) {
    call.parameters = std::move(*nested);
    given.erase("parameters");
  }
  for (auto& [name, value] : given.get_ref<json::object_t&>()) {
    call.parameters[name] = std::move(value);
  }
  request.calls.push_back(std::move(call));
  return ok_status();
}

Status read_allowed_tools(const json& fields, const char* name, Request& request) {
  const json* list = field(fields, name);
  if (list == nullptr) return ok_status();
  if (!list->is_array()) return must_be(name, "a list of names");
  std::vector<std::string> both;
  for (const json& each : *list) {
    if (!each.is_string()) return must_be(name, "a list of names");
    const auto& tool = each.get_ref<const std::string&>();
    const auto& allowed = request.allowed_tools;
    if (!allowed || std::find(allowed->begin(), allowed->end(), tool) != allowed->end()) {
      both.push_back(tool);
    }
  }
  request.allowed_tools = std::move(both);
  return ok_status();
}

Status read_model_fields(const json& fields, Request& request) {
  SKERRY_ASSIGN(const std::string tier, text_field(fields, "model_tier"));
  if (!tier.empty()) {
    request.tier = tier_named(tier);
    if (!request.tier) return must_be("model_tier", "small, medium or large");
  }
  SKERRY_ASSIGN(request.model, text_field(fields, "model_override"));
  if (const json* temperature = field(fields, "temperature")) {
    if (!temperature->is_number()) return must_be("temperature", "a number");
    request.temperature = temperature->get<double>();
  }
  if (const json* most = field(fields, "max_tokens")) {
    SKERRY_ASSIGN(request.max_tokens, whole_number(*most, "max_tokens"));
  }
  return ok_status();
}

Status read_history(const json& fields, Request& request) {
  const json* list = field(fields, "history");
  if (list == nullptr) return ok_status();
  if (!list->is_array() || list->size() > kMaxHistory) {
    return must_be("context.history", "a list of at most 1000 messages");
  }
  for (const json& each : *list) {
    if (each.is_string()) {
      request.history.push_back(history_message(each.get_ref<const std::string&>()));
    } else if (each.is_object() && each.contains("content") && each["content"].is_string()) {
      const bool is_model_s = text_at(each, "role") == "assistant";
      request.history.push_back({.role = is_model_s ? Role::kAssistant : Role::kUser,
                                 .content = each["content"].get<std::string>()});
    } else {
      return must_be("an item of context.history", "a text, or an object with role and content");
    }
  }
  return ok_status();
}

Status read_context(const json& context, Request& request) {
  SKERRY_TRY(read_model_fields(context, request));
  if (const json* history = field(context, "history"); history != nullptr && history->is_array()) {
    SKERRY_TRY(read_history(context, request));
  }
  return read_allowed_tools(context, "allowed_tools", request);
}

}  // namespace skerry::agent
