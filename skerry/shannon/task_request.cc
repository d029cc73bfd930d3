// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/task_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "skerry/base/formats/json_fields.h"
#include "skerry/http/json_schema.h"
#include "skerry/shannon/json_struct.h"

namespace skerry::shannon {
namespace {

using http::object_of;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMaxWord = 256;
constexpr std::size_t kMaxTypes = 64;
constexpr std::size_t kMaxType = 64;

constexpr std::array kModes = {"simple", "standard", "complex", "supervisor"};
constexpr std::array kTiers = {"small", "medium", "large"};

Result<std::string> word_in(const json& body, const char* name,
                            std::span<const char* const> allowed) {
  const json* given = field(body, name);
  if (given == nullptr) return std::string();
  if (!given->is_string()) return must_be(name, "text");
  const auto& text = given->get_ref<const std::string&>();
  if (text.size() > kMaxWord) return must_be(name, "at most 256 bytes long");
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
    return text;
  }
  std::string all;
  for (const char* each : allowed) all += (all.empty() ? "" : ", ") + std::string(each);
  return must_be(name, "one of " + all);
}

ordered_json maybe(const char* type) { return {{"type", {type, "null"}}}; }

ordered_json one_of(std::span<const char* const> words) {
  ordered_json all = ordered_json::array();
  for (const char* each : words) all.push_back(each);
  all.push_back(nullptr);
  return {{"enum", std::move(all)}};
}

std::string mode_of(const ::shannon::orchestrator::SubmitTaskRequest& request) {
  const auto& labels = request.metadata().labels();
  const auto found = labels.find("mode");
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace

Result<task::Submission> submission_of(json body, const access::Principal& caller) {
  task::Submission submission{.tenant = caller.tenant, .user = caller.user};
  submission.key = caller.key;
  submission.tools = caller.tools;
  if (field(body, "attachments") != nullptr && !body["attachments"].empty()) {
    return absl::InvalidArgumentError("attachments are not taken; put texts into the query");
  }
  const json* query = field(body, "query");
  if (query == nullptr || !query->is_string()) return must_be("query", "there, and text");
  submission.query = std::move(body["query"].get_ref<std::string&>());
  if (submission.query.empty()) return must_be("query", "there, and not empty");
  SKERRY_ASSIGN(submission.session, word_in(body, "session_id", {}));
  submission.runs_in_session = !submission.session.empty();
  if (const json* session = field(body, "session_id"); session != nullptr) {
    if (!task::is_id(submission.session)) {
      return must_be("session_id", "1 to 128 letters, digits, and : _ - .");
    }
  }
  if (const json* context = field(body, "context"); context != nullptr) {
    if (!context->is_object()) return must_be("context", "an object");
    submission.context = std::move(body["context"]);
  }
  SKERRY_ASSIGN(submission.mode, word_in(body, "mode", kModes));
  SKERRY_ASSIGN(submission.retry_on_restart, bool_field(body, "retry_on_restart"));
  SKERRY_ASSIGN(auto tier, word_in(body, "model_tier", kTiers));
  if (!tier.empty()) submission.context["model_tier"] = std::move(tier);
  SKERRY_ASSIGN(auto model, word_in(body, "model_override", {}));
  if (!model.empty()) submission.context["model_override"] = std::move(model);
  return submission;
}

ordered_json submission_schema() {
  ordered_json session = maybe("string");
  session["pattern"] = "^[A-Za-z0-9:_.-]{1,128}$";
  ordered_json properties{
      {"query", {{"type", "string"}, {"minLength", 1}}},
      {"session_id", std::move(session)},
      {"context", maybe("object")},
      {"mode", one_of(kModes)},
      {"retry_on_restart", maybe("boolean")},
      {"model_tier", one_of(kTiers)},
      {"model_override", maybe("string")},
  };
  properties["model_override"].update({{"pattern", "^[!-~]*$"}, {"maxLength", 128}});
  return object_of(std::move(properties), {"query"});
}

Result<task::Submission> submission_of(::shannon::orchestrator::SubmitTaskRequest&& request,
                                       const access::Principal& caller) {
  if (request.require_approval()) {
    return absl::UnimplementedError(
        "nobody approves tasks here: submit without require_approval, or pause the task");
  }
  if (request.manual_decomposition().agent_tasks_size() > 0) {
    return absl::UnimplementedError(
        "a task is not taken apart by hand here: put calls into context.tool_calls");
  }
  json body = {{"query", std::move(*request.mutable_query())}};
  if (request.has_context()) body["context"] = json_of(std::move(*request.mutable_context()));
  if (!caller.session.empty()) body["session_id"] = caller.session;
  if (const std::string mode = mode_of(request); !mode.empty()) body["mode"] = mode;
  const auto& labels = request.metadata().labels();
  if (const auto retry = labels.find("retry_on_restart"); retry != labels.end()) {
    if (retry->second != "true" && retry->second != "false") {
      return must_be("the label retry_on_restart", "true or false");
    }
    body["retry_on_restart"] = retry->second == "true";
  }
  return submission_of(std::move(body), caller);
}

Result<std::int64_t> number_in(const Query& query, const char* name, std::int64_t fallback,
                               std::int64_t least, std::int64_t most) {
  const auto found = query.find(name);
  if (found == query.end()) return fallback;
  const std::string& text = found->second;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least &&
      number <= most) {
    return number;
  }
  return must_be(name,
                 "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<bool> flag_in(const Query& query, const char* name) {
  const auto found = query.find(name);
  if (found == query.end() || found->second == "false") return false;
  if (found->second == "true") return true;
  return must_be(name, "true or false");
}

Result<task::Filter> filter_in(const Query& query) {
  task::Filter filter;
  SKERRY_ASSIGN(filter.limit, number_in(query, "limit", 20, 1, 100));
  SKERRY_ASSIGN(filter.offset, number_in(query, "offset", 0, 0, kFarthestOffset));
  if (const auto session = query.find("session_id"); session != query.end()) {
    if (!task::is_id(session->second)) {
      return must_be("session_id", "1 to 128 letters, digits, and : _ - .");
    }
    filter.session = session->second;
  }
  if (const auto status = query.find("status"); status != query.end()) {
    filter.state = task::state_named(status->second);
    if (!filter.state) {
      return must_be(
          "status",
          "QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED, TIMEOUT or PAUSED, with or without "
          "TASK_STATUS_ before it");
    }
  }
  return filter;
}

Result<Following> following_in(const Query& query, const std::string* last_event_id) {
  const auto id = query.find("workflow_id");
  std::set<std::string, std::less<>> types;
  if (const auto given = query.find("types"); given != query.end()) {
    std::string_view list = given->second;
    while (!list.empty()) {
      const std::string_view type = list.substr(0, list.find(','));
      list.remove_prefix(std::min(type.size() + 1, list.size()));
      if (!type.empty()) types.emplace(type);
      if (types.size() > kMaxTypes) break;
    }
  }
  std::int64_t after = 0;
  if (last_event_id != nullptr) {
    SKERRY_ASSIGN(after, number_in({{"Last-Event-ID", *last_event_id}}, "Last-Event-ID", 0, 0,
                                   kFarthestOffset));
  } else {
    SKERRY_ASSIGN(after, number_in(query, "last_event_id", 0, 0, kFarthestOffset));
  }
  return following_in(id == query.end() ? "" : id->second, std::move(types),
                      static_cast<std::uint64_t>(after));
}

Result<Following> following_in(const std::string& id, std::set<std::string, std::less<>> types,
                               std::uint64_t after) {
  if (!task::is_id(id)) return must_be("workflow_id", "1 to 128 letters, digits, and : _ - .");
  if (types.size() > kMaxTypes) return must_be("types", "at most 64 names");
  for (const std::string& each : types) {
    const bool is_name =
        each.size() <= kMaxType && std::all_of(each.begin(), each.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        });
    if (!is_name) return must_be("types", "names of events, with commas between");
  }
  if (after > static_cast<std::uint64_t>(kFarthestOffset)) {
    return must_be("last_event_id", "at most " + std::to_string(kFarthestOffset));
  }
  return Following{.id = id, .types = std::move(types), .after = static_cast<std::int64_t>(after)};
}

}  // namespace skerry::shannon
