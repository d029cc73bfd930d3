// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/shannon/task_request.h"
#include "skerry/task/task.h"

namespace skerry::shannon {

/// How much of a timeline to tell.
struct TimelineView {
  enum class Mode { kSummary, kFull };
  Mode mode = Mode::kSummary;  ///< full: also what is neither a call's end nor a change of state
  bool has_payloads = false;
};
/// `mode`, `include_payloads`. kInvalidArgument naming what does not fit.
Result<TimelineView> timeline_view_in(const Query& query);

/// A task's life as Shannon's gateway tells it: when the task and its calls were scheduled, began
/// and ended, by time, and how long that took. `kept` are the task's events, which may be gone; the
/// task's own times are not.
nlohmann::ordered_json timeline_json(const task::Task& task, const std::vector<task::Event>& kept,
                                     const TimelineView& view);
nlohmann::ordered_json timeline_schema();

}  // namespace skerry::shannon
