// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/chat_format.h"

#include <algorithm>
#include <set>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/formats/json_text.h"

namespace skerry::agent {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMaxContent = std::size_t{1} << 20;
constexpr std::size_t kMaxArguments = std::size_t{1} << 20;
constexpr std::size_t kMaxReplyCalls = 16;
constexpr std::size_t kMaxReplyName = 128;  // of a tool, a model, a call
constexpr std::size_t kMaxErrorText = 500;
constexpr std::int64_t kMaxUsage = 1'000'000'000;

/// What came is not what was agreed.
Status wrong(const std::string& what) {
  return absl::UnavailableError("the model server's answer cannot be understood: " + what);
}

const char* name_of(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      return "tool";
  }
  return "user";
}

ordered_json json_of(const Message& message) {
  ordered_json told{{"role", name_of(message.role)}, {"content", message.content}};
  if (!message.call_id.empty()) told["tool_call_id"] = message.call_id;
  for (const ModelCall& call : message.calls) {
    told["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.tool}, {"arguments", call.arguments}}}});
  }
  if (!message.calls.empty() && message.content.empty()) told["content"] = nullptr;
  return told;
}

/// The member of that name, unless it is null.
const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// A text member; empty when it is not there.
Result<std::string> text_in(const json& object, const char* name) {
  const json* found = member(object, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return wrong(std::string(name) + " is no text");
  return found->get<std::string>();
}

std::int64_t tokens_in(const json& usage, const char* name) {
  const json* found = member(usage, name);
  if (found == nullptr || !found->is_number_unsigned()) return 0;
  return static_cast<std::int64_t>(std::min(found->get<std::uint64_t>(), std::uint64_t{kMaxUsage}));
}

std::optional<Finish> finish_of(std::string_view reason) {
  for (const Finish each :
       {Finish::kStop, Finish::kLength, Finish::kToolCalls, Finish::kContentFilter}) {
    if (reason == agent::name_of(each)) return each;
  }
  return std::nullopt;
}

std::string message_in(const json& error) {
  const json* text = error.is_string() ? &error : member(error, "message");
  if (text == nullptr || !text->is_string()) return {};
  return std::string(clip(text->get_ref<const std::string&>(), kMaxErrorText));
}

}  // namespace

std::string request_body(const ModelRequest& request, Delivery delivery) {
  ordered_json body{{"model", request.model}, {"messages", ordered_json::array()}};
  for (const Message& each : request.messages) body["messages"].push_back(json_of(each));
  for (const ordered_json& each : request.tools) {
    body["tools"].push_back({{"type", "function"}, {"function", each}});
  }
  if (!request.tools.empty() && !request.may_call) body["tool_choice"] = "none";
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.max_tokens) body["max_tokens"] = *request.max_tokens;
  body["stream"] = delivery == Delivery::kStreamed;
  if (delivery == Delivery::kStreamed) body["stream_options"] = {{"include_usage", true}};
  return dump_json(body);
}

Status ReplyReader::take_event(std::string_view data) {
  if (is_done_) return ok_status();
  if (data == "[DONE]") {
    is_done_ = true;
    return ok_status();
  }
  const auto parsed = parse_json_object(data, "an event of it");
  if (!parsed.ok()) return wrong(std::string(message_of(parsed.status())));
  return take(*parsed, "delta");
}

Status ReplyReader::take_whole(std::string_view body) {
  const auto parsed = parse_json_object(body, "its body");
  if (!parsed.ok()) return wrong(std::string(message_of(parsed.status())));
  return take(*parsed, "message");
}

Status ReplyReader::take(const json& object, const char* message_key) {
  if (const json* error = member(object, "error")) {
    const std::string said = message_in(*error);
    return absl::UnavailableError("the model server breaks off" +
                                  (said.empty() ? std::string() : ": " + said));
  }
  SKERRY_TRY(take_usage(object));
  SKERRY_ASSIGN(std::string model, text_in(object, "model"));
  if (!model.empty()) reply_.model = clip(model, kMaxReplyName);
  const json* choices = member(object, "choices");
  if (choices == nullptr || (choices->is_array() && choices->empty())) {
    // Usage comes so, and so do a server's notes about a prompt.
    return std::string_view(message_key) == "delta" ? ok_status() : wrong("it has no choices");
  }
  if (!choices->is_array()) return wrong("choices is no list");
  return take_choice(choices->front(), message_key);
}

Status ReplyReader::take_choice(const json& choice, const char* message_key) {
  if (!choice.is_object()) return wrong("a choice is no object");
  if (const json* message = member(choice, message_key)) {
    if (!message->is_object()) return wrong(std::string(message_key) + " is no object");
    SKERRY_TRY(take_message(*message));
  } else if (std::string_view(message_key) == "message") {
    return wrong("a choice has no message");
  }
  SKERRY_ASSIGN(std::string reason, text_in(choice, "finish_reason"));
  if (!reason.empty()) finish_reason_ = std::move(reason);
  return ok_status();
}

Status ReplyReader::take_message(const json& message) {
  SKERRY_ASSIGN(const std::string content, text_in(message, "content"));
  if (reply_.content.size() + content.size() > kMaxContent) {
    return wrong("it has more than " + std::to_string(kMaxContent) + " bytes of content");
  }
  reply_.content += content;
  if (!content.empty() && on_text_) on_text_(content);
  const json* calls = member(message, "tool_calls");
  if (calls == nullptr) return ok_status();
  if (!calls->is_array()) return wrong("tool_calls is no list");
  for (const json& each : *calls) SKERRY_TRY(take_call(each));
  return ok_status();
}

Result<ModelCall*> ReplyReader::call_at(const json& call) {
  const json* function = member(call, "function");
  auto& calls = reply_.calls;
  std::size_t index = calls.size();
  if (const json* given = member(call, "index")) {
    if (!given->is_number_unsigned()) return wrong("a call's index is no count");
    const auto wanted = given->get<std::uint64_t>();
    if (wanted > calls.size()) return wrong("a call's index leaves others out");
    index = static_cast<std::size_t>(wanted);
  } else if (function != nullptr && member(*function, "name") == nullptr && !calls.empty()) {
    index = calls.size() - 1;  // without a name it goes on with the last one
  }
  if (index == kMaxReplyCalls) {
    return wrong("it has more than " + std::to_string(kMaxReplyCalls) + " calls");
  }
  if (index == calls.size()) calls.emplace_back();
  return &calls[index];
}

Status ReplyReader::take_call(const json& call) {
  if (!call.is_object()) return wrong("a call is no object");
  SKERRY_ASSIGN(ModelCall * made, call_at(call));
  SKERRY_ASSIGN(const std::string id, text_in(call, "id"));
  if (made->id.empty() && id.size() <= kMaxReplyName) made->id = id;
  const json* function = member(call, "function");
  if (function == nullptr) return ok_status();
  if (!function->is_object()) return wrong("a call's function is no object");
  SKERRY_ASSIGN(const std::string name, text_in(*function, "name"));
  if (made->tool.empty()) made->tool = name;
  if (made->tool.size() > kMaxReplyName) return wrong("a tool's name is too long");
  const json* arguments = member(*function, "arguments");
  if (arguments == nullptr) return ok_status();
  // Some servers send the object itself.
  if (!arguments->is_string() && !arguments->is_object()) return wrong("arguments are no text");
  const std::string text =
      arguments->is_string() ? arguments->get<std::string>() : arguments->dump();
  arguments_ += text.size();
  if (arguments_ > kMaxArguments) {
    return wrong("it has more than " + std::to_string(kMaxArguments) + " bytes of arguments");
  }
  made->arguments += text;
  return ok_status();
}

Status ReplyReader::take_usage(const json& object) {
  const json* usage = member(object, "usage");
  if (usage == nullptr) return ok_status();
  if (!usage->is_object()) return wrong("usage is no object");
  reply_.usage = {.input = tokens_in(*usage, "prompt_tokens"),
                  .output = tokens_in(*usage, "completion_tokens")};
  return ok_status();
}

Result<ModelReply> ReplyReader::finish() {
  if (finish_reason_.empty()) return wrong("it ends without a finish_reason");
  const auto finish = finish_of(finish_reason_);
  if (!finish) {
    return wrong("finish_reason is \"" + std::string(clip(finish_reason_, 64)) +
                 "\", expected stop, length, tool_calls or content_filter");
  }
  reply_.finish = *finish;
  if (*finish == Finish::kToolCalls && reply_.calls.empty()) {
    return wrong("finish_reason is \"tool_calls\", and there is no call");
  }
  std::set<std::string> ids;
  for (std::size_t i = 0; i < reply_.calls.size(); ++i) {
    ModelCall& call = reply_.calls[i];
    if (call.tool.empty()) return wrong("a call names no tool");
    // An answer must name its call, and some servers give no ids, or one for all.
    if (call.id.empty()) call.id = "call_" + std::to_string(i + 1);
    while (!ids.insert(call.id).second) call.id += "_" + std::to_string(i + 1);
  }
  return std::move(reply_);
}

std::string error_in(std::string_view body) {
  const auto parsed = parse_json_object(body, "it");
  if (!parsed.ok()) return {};
  if (const json* error = member(*parsed, "error")) return message_in(*error);
  return message_in(*parsed);
}

}  // namespace skerry::agent
