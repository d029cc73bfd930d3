// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "skerry/task/task.h"

// Sessions as tasks know them: by the names that tasks are filed under. Whether a session has state
// is the session store's affair.

namespace skerry::task {

/// What a tenant's tasks tell of one session, and its title. Tasks from before it was forgotten do
/// not count.
struct TaskSession {
  std::string name;
  std::string title = {};           ///< empty: none
  std::int64_t titled_unix_ns = 0;  ///< when it got the title
  std::int64_t tasks = 0;           ///< 0: only the title is known
  std::int64_t completed = 0;
  std::int64_t failed = 0;  ///< or timed out
  std::int64_t tokens = 0;
  std::int64_t nanodollars = 0;      ///< of models whose prices are known
  std::int64_t created_unix_ns = 0;  ///< of the first task
  std::int64_t active_unix_ns = 0;   ///< when something happened to one of them last
  std::string user = {};             ///< of the first task; empty: none
  std::string key = {};              ///< id of the API key of the first task; empty: none
  std::string first_mode = {};
  std::string latest_query = {};  ///< its beginning
  State latest_state = State::kQueued;
};

/// A task of a session, and what happened to it.
struct Turn {
  Task task;
  std::vector<Event> events = {};
};

/// Some of a session's tasks, oldest first.
struct TurnsRequest {
  enum class With { kTasks, kEvents };

  std::string tenant;
  std::string session;
  std::int64_t limit = INT64_MAX;
  std::int64_t offset = 0;
  With with = With::kTasks;           ///< events: but for a model's words as they came
  std::int64_t max_events = 5000;     ///< more are not read. What Shannon's gateway gives at most
  std::int64_t max_bytes = 32 << 20;  ///< of texts, so that one answer does not take all memory
};

struct Turns {
  std::int64_t total = 0;    ///< tasks of the session
  std::int64_t events = 0;   ///< that were asked for
  std::int64_t bytes = 0;    ///< of texts that were asked for
  bool is_too_much = false;  ///< then there are no turns
  std::vector<Turn> turns = {};
};

}  // namespace skerry::task
