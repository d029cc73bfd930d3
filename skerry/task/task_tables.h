// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/database.h"
#include "skerry/base/status.h"
#include "skerry/task/session_tasks.h"
#include "skerry/task/task.h"

namespace skerry::task {

/// How much of a tenant's is kept. Beyond it, finished tasks go, oldest first.
struct Bounds {
  std::int64_t queue = 1000;                           ///< tasks that wait or are paused
  std::int64_t queue_bytes = std::int64_t{256} << 20;  ///< of their texts
  std::int64_t kept = 10'000;                          ///< tasks in all
  std::int64_t kept_bytes = std::int64_t{1} << 30;     ///< of their texts
  std::int64_t kept_ns = std::int64_t{30} * 24 * 3600 * 1'000'000'000;  ///< 30 days
  std::int64_t events_ns = std::int64_t{24} * 3600 * 1'000'000'000;     ///< a day
  std::int64_t keys_ns = std::int64_t{24} * 3600 * 1'000'000'000;       ///< a day
  std::int64_t titles = 10'000;  ///< of sessions, which come and go: the newest
};

/// A task's new state, and what there is to tell with it.
struct Change {
  State state = State::kRunning;
  std::string result = {};
  std::string error = {};
  std::string executions = {};  ///< JSON
  std::string model = {};       ///< JSON; empty: none was asked
};

/// What became of a wish to cancel, pause or resume.
struct Controlled {
  Task task;  ///< as it is now
  std::vector<Event> events;
  bool is_done = false;  ///< nothing more has to happen; else its run must hear of it
};

/// Some of a task's events, and whether there will be no more.
struct EventBatch {
  std::vector<Event> events;
  bool is_final = false;  ///< of the task, not of the batch
};

/// `tasks.db`: tasks of all tenants, their events, and keys of submissions. All SQL is here; when
/// what happens is `Tasks`' affair.
///
/// Each call is one transaction, and durable where a client is told that it happened. Fails with
/// kUnavailable while nothing can be written, kDataLoss when the file is damaged; messages are for
/// clients and name no file, `Database`'s own go to `last_failure`. Confined to one thread, and one
/// process at a time.
class TaskTables {
 public:
  /// Opens or makes it. `instance` names this process: tasks that another one began are nobody's.
  static Result<std::unique_ptr<TaskTables>> open(const std::filesystem::path& path,
                                                  std::string_view instance);

  /// Files a submission as queued. kResourceExhausted when too much waits already; kAlreadyExists
  /// for a key that came with something else.
  Result<Accepted> add(const Submission& submission, const std::optional<IdempotencyKey>& key,
                       const Bounds& bounds, std::int64_t now);

  /// kNotFound when the tenant has no such task.
  Result<Task> find(std::string_view tenant, std::string_view id);
  Result<std::int64_t> row_of(std::string_view tenant, std::string_view id);
  Result<Page> list(std::string_view tenant, const Filter& filter);

  /// A queued task that now runs, of the tenant of whom the fewest run, oldest first; none when
  /// none waits. `events` has what that adds.
  struct Claim {
    Task task;
    std::vector<Event> events;
    bool goes_on = false;  ///< it was paused in mid-run
  };
  Result<std::optional<Claim>> claim(std::int64_t now);

  /// Adds events, which get their numbers, and changes the task's state unless that is final.
  Result<std::vector<Event>> append(std::int64_t row, std::vector<Event> events,
                                    const std::optional<Change>& change, std::int64_t now);

  /// kNotFound; kFailedPrecondition for what cannot happen to a task in its state.
  Result<Controlled> control(std::string_view tenant, std::string_view id, Action action,
                             const ControlRequest& wish);

  /// The first `most` events after number `after`.
  Result<EventBatch> events_after(std::int64_t row, std::int64_t after, std::int64_t most);
  Result<std::vector<Event>> events(std::int64_t row, std::int64_t offset, std::int64_t most);

  /// The tenant's sessions that have tasks or titles, in no order; or the one of this name, if so.
  Result<std::vector<TaskSession>> sessions(std::string_view tenant,
                                            const std::optional<std::string>& name);
  Result<Turns> turns(const TurnsRequest& request);
  /// Gives a session a title, durably.
  Status set_title(std::string_view tenant, std::string_view session, std::string_view title,
                   const Bounds& bounds, std::int64_t now);
  /// Takes the title away, and lets tasks so far not count as the session's, durably. They stay.
  Status forget_session(std::string_view tenant, std::string_view session);

  /// Deals with tasks that a process which is gone had begun: those that may begin anew are queued,
  /// the others have failed. Returns how many there were.
  Result<std::int64_t> recover(std::int64_t now);

  /// Removes what is beyond the bounds.
  Status tidy(const Bounds& bounds, std::int64_t now);

  /// What SQLite said when something failed last.
  const std::string& last_failure() const { return last_failure_; }

 private:
  TaskTables(std::unique_ptr<Database> database, std::string_view instance)
      : database_(std::move(database)), instance_(instance) {}

  enum class Sync { kNone, kFull };
  Result<std::vector<Row>> ask(std::string_view sql, const std::vector<Cell>& values = {});
  Status told(const Status& failure);
  Result<Transaction> begin(Sync sync);
  Status commit(Transaction transaction);
  Result<std::int64_t> number(std::string_view sql, const std::vector<Cell>& values);

  Status add_events(std::int64_t row, std::vector<Event>& events, std::int64_t now);
  Status set_state(std::int64_t row, State state, std::int64_t now);
  Status finish(std::int64_t row, const Change& change, std::int64_t now);
  Status check_room(const Submission& submission, std::int64_t bytes, const Bounds& bounds);
  Result<std::optional<Accepted>> accepted_before(std::string_view tenant,
                                                  const IdempotencyKey& key, const Bounds& bounds,
                                                  std::int64_t now);
  Status insert(const Submission& submission, const Accepted& accepted, std::int64_t bytes);
  Status cancel(Controlled& controlled, const ControlRequest& wish);
  Status pause(Controlled& controlled, const ControlRequest& wish);
  Status resume(Controlled& controlled, const ControlRequest& wish);
  Status recover_one(std::int64_t row, std::int64_t now);
  Status remove_surplus(std::string_view tenant, const Bounds& bounds);
  Status tidy_sessions();

  std::unique_ptr<Database> database_;
  std::string instance_;
  std::string last_failure_;
  Sync sync_ = Sync::kNone;
};

}  // namespace skerry::task
