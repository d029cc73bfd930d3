// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/request.h"

#include <algorithm>
#include <cctype>

#include "skerry/base/bytes.h"

namespace skerry::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxShown = 4096;

/// Whether `text` begins with `word` and a colon, in any case of letters; takes them away then.
bool take_speaker(std::string_view& text, std::string_view word) {
  if (text.size() <= word.size() || text[word.size()] != ':') return false;
  const bool is_it = std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
    return a == std::tolower(static_cast<unsigned char>(b));
  });
  if (!is_it) return false;
  text.remove_prefix(word.size() + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace

std::string_view name_of(Ended ended) {
  switch (ended) {
    case Ended::kAnswer:
      return "answer";
    case Ended::kIterations:
      return "max_iterations";
    case Ended::kCalls:
      return "max_tool_calls";
    case Ended::kOutput:
      return "max_tool_output";
    case Ended::kFailures:
      return "consecutive_failures";
  }
  return "answer";
}

std::string text_of(const json& output) {
  if (output.is_null()) return {};
  return output.is_string() ? output.get<std::string>() : output.dump();
}

ToolCall shown(const ToolCall& call) {
  ToolCall shown{.tool = call.tool, .parameters = json::object(), .source = call.source};
  if (!call.parameters.is_object()) return shown;
  for (const auto& [name, value] : call.parameters.items()) {
    const auto* text = value.get_ptr<const std::string*>();
    shown.parameters[name] = text == nullptr || text->size() <= kMaxShown
                                 ? value
                                 : json(std::string(clip(*text, kMaxShown)) + "…");
  }
  return shown;
}

Message history_message(std::string_view line) {
  if (take_speaker(line, "assistant")) {
    return {.role = Role::kAssistant, .content = std::string(line)};
  }
  (void)take_speaker(line, "user");
  return {.role = Role::kUser, .content = std::string(line)};
}

}  // namespace skerry::agent
