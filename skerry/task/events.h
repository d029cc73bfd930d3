// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/agent/agent.h"
#include "skerry/task/task.h"

namespace skerry::task {

// Names that Shannon's clients know.
inline constexpr const char* kWorkflowStarted = "WORKFLOW_STARTED";
inline constexpr const char* kWorkflowCompleted = "WORKFLOW_COMPLETED";
inline constexpr const char* kWorkflowFailed = "WORKFLOW_FAILED";
inline constexpr const char* kWorkflowPausing = "WORKFLOW_PAUSING";
inline constexpr const char* kWorkflowPaused = "WORKFLOW_PAUSED";
inline constexpr const char* kWorkflowResumed = "WORKFLOW_RESUMED";
inline constexpr const char* kWorkflowCancelling = "WORKFLOW_CANCELLING";
inline constexpr const char* kWorkflowCancelled = "WORKFLOW_CANCELLED";
inline constexpr const char* kToolInvoked = "TOOL_INVOKED";
inline constexpr const char* kToolObservation = "TOOL_OBSERVATION";
/// A model's words, piece by piece, and whole.
inline constexpr const char* kModelPartial = "LLM_PARTIAL";
inline constexpr const char* kModelOutput = "LLM_OUTPUT";
inline constexpr const char* kErrorOccurred = "ERROR_OCCURRED";
inline constexpr const char* kErrorRecovery = "ERROR_RECOVERY";
inline constexpr const char* kStreamEnd = "STREAM_END";

/// The longest message of an event, in bytes.
inline constexpr std::size_t kMaxMessage = 2000;
/// So many of one task's events are kept, the last ones.
inline constexpr std::size_t kEventsKept = 1000;

/// `value` with its texts cut at 1,000 bytes, and whole to about 16 KiB: what is beyond is left
/// out, and said to be.
nlohmann::json shown(const nlohmann::json& value);

/// A model's words as they come, and all of them.
std::vector<Event> spoken(std::string_view text);
Event said(std::string_view text, nlohmann::json model);

Event invoked(const agent::ToolCall& call);
Event observed(const agent::Execution& execution);
/// Output of a tool that is still running, in events that are long enough for all of it.
std::vector<Event> printed(std::string_view tool, wasi::Stream stream, std::string_view text);
/// Appends `event` to `events`: to the last one itself, where both are the same stream's output, or
/// a model's words, and fit into one. Of more than `kEventsKept`, these are dropped, oldest first.
void append(std::deque<Event>& events, Event event);

/// What a task ends with, besides its outcome's own.
Event stream_end();
Event failure(std::string_view why);

/// A call of a tool as `/agent/query` and the status document tell it.
nlohmann::json json_of(const agent::Execution& execution);
/// What a model had to do with an answer.
nlohmann::json json_of(const agent::ModelUsage& share);

}  // namespace skerry::task
