// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/events.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "skerry/base/bytes.h"

namespace skerry::task {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 1000;
constexpr std::size_t kMaxPayload = std::size_t{16} << 10;
constexpr std::size_t kMaxAnswer = std::size_t{64} << 10;  // of a model, in an event
constexpr int kDeepest = 16;

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  constexpr std::string_view kMark = "…";
  return std::string(clip(text, most - kMark.size())) + std::string(kMark);
}

/// Takes what `value` has from `room`, and leaves out what does not fit.
json fitted(const json& value, std::size_t& room, int depth) {  // NOLINT(misc-no-recursion)
  if (const auto* text = value.get_ptr<const std::string*>()) {
    std::string shorter = cut(*text, kMaxText);
    room -= std::min(room, shorter.size() + 2);
    return shorter;
  }
  room -= std::min<std::size_t>(room, 8);
  if (!value.is_structured()) return value;
  json kept = value.is_array() ? json::array() : json::object();
  for (const auto& item : value.items()) {
    if (room == 0 || depth == 0) {
      if (value.is_array()) {
        kept.push_back("…");
      } else {
        kept["…"] = "left out";
      }
      break;
    }
    json inner = fitted(item.value(), room, depth - 1);
    if (value.is_array()) {
      kept.push_back(std::move(inner));
    } else {
      const std::string key = cut(item.key(), kMaxText);
      room -= std::min(room, key.size() + 4);
      kept[key] = std::move(inner);
    }
  }
  return kept;
}

/// Output of a tool, or of a model, that goes on.
bool is_piece(const Event& event) {
  if (event.type == kModelPartial) return true;
  return event.type == kToolObservation && event.payload.is_object() &&
         event.payload.contains("intermediate");
}

}  // namespace

json shown(const json& value) {
  std::size_t room = kMaxPayload;
  return fitted(value, room, kDeepest);
}

Event invoked(const agent::ToolCall& call) {
  return {.type = kToolInvoked,
          .message = "Calling " + cut(call.tool, kMaxText),
          .payload = {{"tool", cut(call.tool, kMaxText)}, {"params", shown(call.parameters)}}};
}

Event observed(const agent::Execution& execution) {
  const tool::ToolResult& result = execution.result;
  const std::string said = result.succeeded() ? agent::text_of(result.output) : result.error;
  return {.type = kToolObservation,
          .message = cut(said, kMaxMessage),
          .payload = {{"tool", cut(execution.call.tool, kMaxText)},
                      {"success", result.succeeded()},
                      {"metadata", shown(result.metadata)},
                      {"usage", {{"duration_ms", milliseconds(result.took)}, {"tokens", 0}}}}};
}

std::vector<Event> printed(std::string_view tool, wasi::Stream stream, std::string_view text) {
  std::vector<Event> events;
  while (!text.empty()) {
    std::string_view piece = clip(text, kMaxMessage);
    text.remove_prefix(piece.size());
    events.push_back(
        {.type = kToolObservation,
         .message = std::string(piece),
         .payload = {{"tool", tool},
                     {"intermediate", true},
                     {"event", stream == wasi::Stream::kStdout ? "stdout" : "stderr"}}});
  }
  return events;
}

void append(std::deque<Event>& events, Event event) {
  if (!events.empty() && is_piece(event) && is_piece(events.back()) &&
      events.back().type == event.type && events.back().payload == event.payload &&
      events.back().message.size() + event.message.size() <= kMaxMessage) {
    events.back().message += event.message;
    return;
  }
  events.push_back(std::move(event));
  if (events.size() <= kEventsKept) return;
  const auto oldest = std::find_if(events.begin(), events.end(), is_piece);
  if (oldest != events.end()) events.erase(oldest);
}

std::vector<Event> spoken(std::string_view text) {
  std::vector<Event> events;
  while (!text.empty()) {
    const std::string_view piece = clip(text, kMaxMessage);
    text.remove_prefix(piece.size());
    events.push_back({.type = kModelPartial, .message = std::string(piece)});
  }
  return events;
}

Event said(std::string_view text, json model) {
  return {.type = kModelOutput, .message = cut(text, kMaxAnswer), .payload = std::move(model)};
}

Event stream_end() { return {.type = kStreamEnd, .message = "Stream end"}; }

Event failure(std::string_view why) {
  return {.type = kErrorOccurred, .message = cut(why, kMaxMessage)};
}

json json_of(const agent::Execution& execution) {
  const tool::ToolResult& result = execution.result;
  return {{"tool", execution.call.tool},
          {"success", result.succeeded()},
          {"output", result.output},
          {"error", result.error.empty() ? json(nullptr) : json(result.error)},
          {"metadata", result.metadata},
          {"duration_ms", milliseconds(result.took)},
          {"tokens_used", 0},
          {"tool_input", execution.call.parameters}};
}

json json_of(const agent::ModelUsage& share) {
  return {{"model_used", share.model},
          {"provider", share.provider},
          {"model_tier", agent::name_of(share.tier)},
          {"complexity_score", share.complexity},
          {"input_tokens", share.usage.input},
          {"output_tokens", share.usage.output},
          {"cost_usd", share.cost_usd ? json(*share.cost_usd) : json(nullptr)},
          {"finish_reason", agent::name_of(share.finish)},
          {"ended_by", agent::name_of(share.ended)},
          {"iterations", share.iterations}};
}

}  // namespace skerry::task
