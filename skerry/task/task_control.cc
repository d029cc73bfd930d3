// SPDX-License-Identifier: Apache-2.0
// What is done to tasks from outside their runs: control, recovery, upkeep.
#include <utility>

#include "skerry/task/events.h"
#include "skerry/task/task_tables.h"

namespace skerry::task {
namespace {

constexpr std::int64_t kMaxAttempts = 3;
// Numbers that a power loss may have taken with their events are not given again.
constexpr std::int64_t kSeqsAfterRecovery = 1000;
// Removed in one transaction, so that none lasts.
constexpr std::int64_t kRemovedAtOnce = 200;
constexpr std::int64_t kEventsRemovedAtOnce = 5000;
constexpr std::int64_t kKeysKept = 100'000;  // of one tenant

constexpr const char* kStopped =
    "the service stopped while this task ran; what it had done by then may have taken effect, so "
    "it was not run again: submit it again, or with retry_on_restart if it may be run twice";

Status not_now(const Task& task, std::string_view what) {
  return absl::FailedPreconditionError("task " + task.id + " cannot be " + std::string(what) +
                                       ": it is " + std::string(name_of(task.state)));
}

Event event(const char* type, std::string_view what, const ControlRequest& wish) {
  Event made{.type = type, .message = std::string(what)};
  if (!wish.reason.empty()) made.message += ": " + wish.reason;
  return made;
}

}  // namespace

Result<Controlled> TaskTables::control(std::string_view tenant, std::string_view id, Action action,
                                       const ControlRequest& wish) {
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  Controlled controlled;
  SKERRY_ASSIGN(controlled.task, find(tenant, id));
  switch (action) {
    case Action::kCancel:
      SKERRY_TRY(cancel(controlled, wish));
      break;
    case Action::kPause:
      SKERRY_TRY(pause(controlled, wish));
      break;
    case Action::kResume:
      SKERRY_TRY(resume(controlled, wish));
      break;
  }
  SKERRY_TRY(add_events(controlled.task.row, controlled.events, wish.at_unix_ns));
  SKERRY_TRY(commit(std::move(transaction)));
  return controlled;
}

Status TaskTables::cancel(Controlled& controlled, const ControlRequest& wish) {
  Task& task = controlled.task;
  controlled.is_done = true;
  if (task.state == State::kCancelled) return ok_status();
  if (is_final(task.state)) return not_now(task, "cancelled");
  SKERRY_ASSIGN(const std::int64_t begun,
                number("SELECT begun FROM tasks WHERE id = ?", {Cell::of(task.row)}));
  controlled.is_done = begun == 0;
  if (task.cancel.at_unix_ns != 0) return ok_status();  // under way
  task.cancel = wish;
  SKERRY_TRY(
      ask("UPDATE tasks SET cancelled = ?, cancel_reason = ?, cancelled_by = ? WHERE id = ?",
          {Cell::of(wish.at_unix_ns), Cell::of(wish.reason), Cell::of(wish.by), Cell::of(task.row)})
          .status());
  if (begun != 0) {
    controlled.events.push_back(event(kWorkflowCancelling, "Task is being cancelled", wish));
    return ok_status();
  }
  task.state = State::kCancelled;
  controlled.events.push_back(event(kWorkflowCancelled, "Task cancelled", wish));
  controlled.events.push_back(stream_end());
  return finish(task.row, {.state = State::kCancelled, .error = "cancelled before it began"},
                wish.at_unix_ns);
}

Status TaskTables::pause(Controlled& controlled, const ControlRequest& wish) {
  Task& task = controlled.task;
  controlled.is_done = true;
  if (task.state == State::kPaused || task.is_pausing) return ok_status();
  if (is_final(task.state) || task.cancel.at_unix_ns != 0) return not_now(task, "paused");
  const bool runs = task.state == State::kRunning;
  controlled.is_done = !runs;
  task.pause = wish;
  task.is_pausing = runs;
  if (!runs) task.state = State::kPaused;
  controlled.events.push_back(
      runs ? event(kWorkflowPausing, "Task pauses before its next call", wish)
           : event(kWorkflowPaused, "Task paused", wish));
  return ask("UPDATE tasks SET state = ?, pausing = ?, paused = ?, pause_reason = ?, paused_by = ? "
             "WHERE id = ?",
             {Cell::of(static_cast<std::int64_t>(task.state)), Cell::of(runs ? 1 : 0),
              Cell::of(wish.at_unix_ns), Cell::of(wish.reason), Cell::of(wish.by),
              Cell::of(task.row)})
      .status();
}

Status TaskTables::resume(Controlled& controlled, const ControlRequest& wish) {
  Task& task = controlled.task;
  if (task.state != State::kPaused && !task.is_pausing) return not_now(task, "resumed");
  controlled.is_done = task.state == State::kPaused;
  if (controlled.is_done) task.state = State::kQueued;
  task.is_pausing = false;
  controlled.events.push_back(event(kWorkflowResumed, "Task resumed", wish));
  return ask("UPDATE tasks SET state = ?, pausing = 0 WHERE id = ?",
             {Cell::of(static_cast<std::int64_t>(task.state)), Cell::of(task.row)})
      .status();
}

// -------------------------------------------------------------------------------------- recovery

Result<std::int64_t> TaskTables::recover(std::int64_t now) {
  SKERRY_ASSIGN(const auto rows, ask("SELECT id FROM tasks WHERE state IN (1, 2, 7) AND begun = 1 "
                                     "AND runner <> ?",
                                     {Cell::of(instance_)}));
  for (const Row& row : rows) SKERRY_TRY(recover_one(row.integer(0), now));
  return static_cast<std::int64_t>(rows.size());
}

Status TaskTables::recover_one(std::int64_t row, std::int64_t now) {
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  SKERRY_ASSIGN(const auto rows, ask("UPDATE tasks SET last_seq = last_seq + ? WHERE id = ? "
                                     "RETURNING retry, attempts, cancelled",
                                     {Cell::of(kSeqsAfterRecovery), Cell::of(row)}));
  if (rows.empty()) return ok_status();
  const bool is_cancelled = rows[0].integer(2) != 0;
  const bool may_retry = rows[0].integer(0) != 0 && rows[0].integer(1) < kMaxAttempts;
  std::vector<Event> events;
  if (may_retry && !is_cancelled) {
    events.push_back({.type = kErrorRecovery,
                      .message = "The service stopped while this task ran; it begins anew, as "
                                 "retry_on_restart asks"});
    SKERRY_TRY(
        ask("UPDATE tasks SET state = 1, begun = 0, pausing = 0 WHERE id = ?", {Cell::of(row)})
            .status());
  } else {
    Change change{.state = is_cancelled ? State::kCancelled : State::kFailed};
    change.error =
        is_cancelled ? "cancelled, and the service stopped before it had ended" : kStopped;
    if (is_cancelled) {
      events.push_back({.type = kWorkflowCancelled, .message = "Task cancelled"});
    } else {
      events.push_back(failure(kStopped));
      events.push_back({.type = kWorkflowFailed, .message = "Task failed"});
    }
    events.push_back(stream_end());
    SKERRY_TRY(finish(row, change, now));
  }
  SKERRY_TRY(add_events(row, events, now));
  return commit(std::move(transaction));
}

// ---------------------------------------------------------------------------------------- upkeep

Status TaskTables::tidy(const Bounds& bounds, std::int64_t now) {
  for (;;) {
    SKERRY_ASSIGN(const auto gone,
                  ask("DELETE FROM events WHERE (task, seq) IN (SELECT task, seq FROM events "
                      "WHERE at < ? LIMIT ?) RETURNING seq",
                      {Cell::of(now - bounds.events_ns), Cell::of(kEventsRemovedAtOnce)}));
    if (gone.empty()) break;
  }
  SKERRY_TRY(ask("DELETE FROM keys WHERE created <= ?", {Cell::of(now - bounds.keys_ns)}).status());
  for (;;) {
    SKERRY_ASSIGN(const auto gone,
                  ask("DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE updated < ? AND "
                      "state IN (3, 4, 5, 6) LIMIT ?) RETURNING id",
                      {Cell::of(now - bounds.kept_ns), Cell::of(kRemovedAtOnce)}));
    if (gone.empty()) break;
  }
  SKERRY_ASSIGN(const auto tenants, ask("SELECT DISTINCT tenant FROM tasks"));
  for (const Row& tenant : tenants) SKERRY_TRY(remove_surplus(tenant.text(0), bounds));
  return tidy_sessions();
}

Status TaskTables::remove_surplus(std::string_view tenant, const Bounds& bounds) {
  SKERRY_TRY(ask("DELETE FROM keys WHERE tenant = ?1 AND created < (SELECT created FROM keys WHERE "
                 "tenant = ?1 ORDER BY created DESC LIMIT 1 OFFSET ?2)",
                 {Cell::of(tenant), Cell::of(kKeysKept)})
                 .status());
  for (;;) {
    SKERRY_ASSIGN(const auto sums, ask("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM tasks "
                                       "WHERE tenant = ?",
                                       {Cell::of(tenant)}));
    std::int64_t tasks = sums[0].integer(0) - bounds.kept;
    std::int64_t bytes = sums[0].integer(1) - bounds.kept_bytes;
    if (tasks <= 0 && bytes <= 0) return ok_status();
    SKERRY_ASSIGN(const auto oldest,
                  ask("SELECT id, bytes FROM tasks WHERE tenant = ? AND state IN (3, 4, 5, 6) "
                      "ORDER BY id LIMIT ?",
                      {Cell::of(tenant), Cell::of(kRemovedAtOnce)}));
    if (oldest.empty()) return ok_status();
    SKERRY_ASSIGN(auto transaction, begin(Sync::kNone));
    for (const Row& each : oldest) {
      if (tasks <= 0 && bytes <= 0) break;
      SKERRY_TRY(ask("DELETE FROM tasks WHERE id = ?", {Cell::of(each.integer(0))}).status());
      tasks -= 1;
      bytes -= each.integer(1);
    }
    SKERRY_TRY(commit(std::move(transaction)));
  }
}

}  // namespace skerry::task
