// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "skerry/base/database.h"
#include "skerry/task/task.h"

// Rows of `tasks.db` as tasks and events, for the sources that hold its SQL.

namespace skerry::task {

/// What a task is read from, of `tasks t`.
inline constexpr const char* kColumns =
    "t.id, t.name, t.tenant, t.user, t.session, t.in_session, t.mode, t.title, t.state, t.retry, "
    "t.attempts, t.created, t.started, t.updated, t.finished, t.pausing, t.paused, t.pause_reason, "
    "t.paused_by, t.cancelled, t.cancel_reason, t.cancelled_by, t.begun, t.key, t.tools";
inline constexpr std::size_t kBegun = 22;  ///< the column of that name

State state_of(std::int64_t number);
Cell cell_of(State state);

/// A task of a row of `kColumns`.
Task task_of(const Row& row);
/// The statement that reads whole tasks for which `condition` holds, and a task of its rows.
std::string whole_tasks_where(std::string_view condition);
Task whole_task_of(const Row& row);

/// An event of a row of seq, at, type, agent, message, payload.
Event event_of(const Row& row);

/// What a model was paid for a task.
struct Spent {
  std::int64_t tokens = 0;
  std::int64_t nanodollars = 0;  ///< 0 where the price is not known
};
/// Of the JSON in `contents.model`; nothing of a text that is no such JSON.
Spent spent_in(const std::string& model);

}  // namespace skerry::task
