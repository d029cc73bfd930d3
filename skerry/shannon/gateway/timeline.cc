// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/gateway/timeline.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/formats/json_fields.h"
#include "skerry/base/time_text.h"
#include "skerry/http/json_schema.h"
#include "skerry/task/events.h"

namespace skerry::shannon {
namespace {

using http::count_schema;
using http::list_schema;
using http::object_of;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using task::Event;
using task::State;
using task::Task;
using Mode = TimelineView::Mode;

// Of the reason for a failure, where payloads are not asked for.
constexpr std::size_t kMaxShownReason = 200;

double milliseconds_between(std::int64_t begin_ns, std::int64_t end_ns) {
  return static_cast<double>(std::max<std::int64_t>(end_ns - begin_ns, 0)) / 1e6;
}

/// Something at a time, with how long it took if that is known.
struct Entry {
  std::string type = {};
  std::string message = {};
  std::int64_t at_unix_ns = 0;
  std::int64_t seq = 0;
  std::optional<double> duration_ms = {};
  json payload = nullptr;
};

/// Collects the entries of one task.
class Timeline {
 public:
  Timeline(const Task& task, const TimelineView& view) : task_(task), view_(view) {}

  /// The task's own, from its row.
  void add_task();
  void add(const Event& event);
  ordered_json json_of();

 private:
  void add_end();
  void add_call(const Event& event);
  void add_call_end(const Event& event);
  void note(Entry entry) { entries_.push_back(std::move(entry)); }
  std::string reason_of(std::string_view text) const {
    return std::string(view_.has_payloads ? text : clip(text, kMaxShownReason));
  }

  const Task& task_;
  const TimelineView view_;
  std::vector<Entry> entries_;
  struct Call {
    std::size_t number;
    std::int64_t at_unix_ns;
  };
  std::multimap<std::string, Call, std::less<>> open_;  // by tool: that have begun and not ended
  std::size_t calls_ = 0;
  std::size_t failed_calls_ = 0;
};

void Timeline::add_task() {
  note({.type = "WF_SCHEDULED",
        .message = "Workflow scheduled",
        .at_unix_ns = task_.created_unix_ns});
  if (task_.started_unix_ns != 0) {
    const double waited = milliseconds_between(task_.created_unix_ns, task_.started_unix_ns);
    note({.type = "WF_STARTED",
          .message = fmt::format("Workflow started after {:.3f} ms", waited),
          .at_unix_ns = task_.started_unix_ns,
          .duration_ms = waited});
  }
  if (task_.finished_unix_ns != 0) add_end();
}

void Timeline::add_end() {
  const std::int64_t begin =
      task_.started_unix_ns == 0 ? task_.created_unix_ns : task_.started_unix_ns;
  const double took = milliseconds_between(begin, task_.finished_unix_ns);
  Entry end{.at_unix_ns = task_.finished_unix_ns, .duration_ms = took};
  switch (task_.state) {
    case State::kCompleted:
      end.type = "WF_COMPLETED";
      end.message = fmt::format("Workflow completed in {:.3f} ms", took);
      break;
    case State::kTimeout:
      end.type = "WF_TIMEOUT";
      end.message = fmt::format("Workflow timed out after {:.3f} ms", took);
      break;
    case State::kCancelled:
      end.type = "WF_CANCELLED";
      end.message = fmt::format("Workflow cancelled after {:.3f} ms", took);
      break;
    default:
      end.type = "WF_FAILED";
      end.message = fmt::format("Workflow failed after {:.3f} ms: ", took) + reason_of(task_.error);
  }
  note(std::move(end));
}

std::string tool_of(const Event& event) {
  return event.payload.is_object() ? event.payload.value("tool", std::string("?")) : "?";
}

bool is_piece_of_output(const Event& event) {
  return event.payload.is_object() && event.payload.contains("intermediate");
}

void Timeline::add_call(const Event& event) {
  const std::string tool = tool_of(event);
  open_.emplace(tool, Call{.number = ++calls_, .at_unix_ns = event.at_unix_ns});
  if (view_.mode != Mode::kFull) return;
  note({.type = "ACT_SCHEDULED",
        .message = fmt::format("Activity {}(id={}) scheduled", tool, calls_),
        .at_unix_ns = event.at_unix_ns,
        .seq = event.seq,
        .payload = event.payload});
}

void Timeline::add_call_end(const Event& event) {
  const std::string tool = tool_of(event);
  Entry entry{.at_unix_ns = event.at_unix_ns, .seq = event.seq, .payload = event.payload};
  std::string number = "?";
  // The first of its kind: calls of one tool end in their order, but for those side by side.
  if (const auto begun = open_.find(tool); begun != open_.end()) {
    number = std::to_string(begun->second.number);
    entry.duration_ms = milliseconds_between(begun->second.at_unix_ns, event.at_unix_ns);
    open_.erase(begun);
  }
  const json usage = event.payload.is_object() ? event.payload.value("usage", json()) : json();
  if (usage.is_object() && usage.contains("duration_ms") && usage["duration_ms"].is_number()) {
    entry.duration_ms = usage["duration_ms"].get<double>();  // without what it waited
  }
  const bool succeeded = event.payload.is_object() && event.payload.value("success", false);
  const std::string took =
      entry.duration_ms ? fmt::format(" in {:.3f} ms", *entry.duration_ms) : std::string();
  entry.type = succeeded ? "ACT_COMPLETED" : "ACT_FAILED";
  entry.message = fmt::format("Activity {}(id={}) {}{}", tool, number,
                              succeeded ? "completed" : "failed", took);
  if (!succeeded) {
    ++failed_calls_;
    entry.message += ": " + reason_of(event.message);
  }
  note(std::move(entry));
}

void Timeline::add(const Event& event) {
  if (event.type == task::kWorkflowStarted || event.type == task::kWorkflowCompleted ||
      event.type == task::kWorkflowFailed || event.type == task::kWorkflowCancelled) {
    return;  // the task's own times say so
  }
  if (event.type == task::kToolInvoked) return add_call(event);
  if (event.type == task::kToolObservation && !is_piece_of_output(event)) {
    return add_call_end(event);
  }
  static const std::map<std::string, const char*, std::less<>> kSignals = {
      {task::kWorkflowPausing, "pause"},
      {task::kWorkflowPaused, "paused"},
      {task::kWorkflowResumed, "resume"},
      {task::kWorkflowCancelling, "cancel"}};
  Entry entry{.at_unix_ns = event.at_unix_ns, .seq = event.seq, .payload = event.payload};
  if (const auto signal = kSignals.find(event.type); signal != kSignals.end()) {
    entry.type = "SIG_RECEIVED";
    entry.message = std::string("Signal received: ") + signal->second;
  } else if (view_.mode == Mode::kFull) {
    entry.type = "EVENT";
    entry.message = event.type;
  } else {
    return;
  }
  note(std::move(entry));
}

ordered_json Timeline::json_of() {
  // By time, and of one time as they were noted.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  order.reserve(entries_.size());
  for (const Entry& each : entries_) order.emplace_back(each.at_unix_ns, order.size());
  std::sort(order.begin(), order.end());
  ordered_json events = ordered_json::array();
  for (const auto& [at, place] : order) {
    Entry& each = entries_[place];
    ordered_json event{{"workflow_id", task_.id},
                       {"type", std::move(each.type)},
                       {"message", std::move(each.message)},
                       {"timestamp", utc_time(each.at_unix_ns)},
                       {"seq", each.seq}};
    if (each.duration_ms) event["duration_ms"] = *each.duration_ms;
    if (view_.has_payloads && !each.payload.is_null()) event["payload"] = each.payload;
    events.push_back(std::move(event));
  }
  ordered_json stats{{"total", events.size()},
                     {"mode", view_.mode == Mode::kFull ? "full" : "summary"},
                     {"activities", calls_},
                     {"failed_activities", failed_calls_}};
  return {{"workflow_id", task_.id}, {"events", std::move(events)}, {"stats", std::move(stats)}};
}

}  // namespace

Result<TimelineView> timeline_view_in(const Query& query) {
  TimelineView view;
  if (const auto mode = query.find("mode"); mode != query.end()) {
    if (mode->second != "summary" && mode->second != "full") {
      return must_be("mode", "summary or full");
    }
    if (mode->second == "full") view.mode = Mode::kFull;
  }
  SKERRY_ASSIGN(view.has_payloads, flag_in(query, "include_payloads"));
  return view;
}

ordered_json timeline_json(const Task& task, const std::vector<Event>& kept,
                           const TimelineView& view) {
  Timeline timeline(task, view);
  timeline.add_task();
  for (const Event& each : kept) timeline.add(each);
  return timeline.json_of();
}

ordered_json timeline_schema() {
  ordered_json event = object_of({{"workflow_id", text_schema()},
                                  {"type", text_schema()},
                                  {"message", text_schema()},
                                  {"timestamp", text_schema()},
                                  {"seq", count_schema()},
                                  {"duration_ms", {{"type", "number"}}},
                                  {"payload", http::object_schema()}},
                                 {"workflow_id", "type", "message", "timestamp", "seq"});
  ordered_json stats = object_of({{"total", count_schema()},
                                  {"mode", {{"enum", {"summary", "full"}}}},
                                  {"activities", count_schema()},
                                  {"failed_activities", count_schema()}},
                                 {"total", "mode", "activities", "failed_activities"});
  return object_of({{"workflow_id", text_schema()},
                    {"events", list_schema(std::move(event))},
                    {"stats", std::move(stats)}},
                   {"workflow_id", "events", "stats"});
}

}  // namespace skerry::shannon
