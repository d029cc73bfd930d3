// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/task_tables.h"

#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/task/events.h"
#include "skerry/task/task_rows.h"

namespace skerry::task {
namespace {

using nlohmann::json;

// `name` is the id that clients know. `begun`: its run is under way, or paused; by the process
// `runner`. `contents` keeps long texts out of the rows that lists walk.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL,
  user TEXT NOT NULL, key TEXT NOT NULL, tools TEXT NOT NULL, session TEXT NOT NULL, in_session INTEGER NOT NULL, mode TEXT NOT NULL,
  title TEXT NOT NULL, state INTEGER NOT NULL, retry INTEGER NOT NULL,
  begun INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, started INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0,
  last_seq INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL,
  pausing INTEGER NOT NULL DEFAULT 0, paused INTEGER NOT NULL DEFAULT 0,
  pause_reason TEXT NOT NULL DEFAULT '', paused_by TEXT NOT NULL DEFAULT '',
  cancelled INTEGER NOT NULL DEFAULT 0, cancel_reason TEXT NOT NULL DEFAULT '',
  cancelled_by TEXT NOT NULL DEFAULT '', tokens INTEGER NOT NULL DEFAULT 0,
  nanodollars INTEGER NOT NULL DEFAULT 0, UNIQUE (tenant, name));
CREATE INDEX IF NOT EXISTS tasks_of_state ON tasks (state, tenant, id);
CREATE INDEX IF NOT EXISTS tasks_of_tenant ON tasks (tenant, id);
CREATE INDEX IF NOT EXISTS tasks_of_session ON tasks (tenant, session, id);
CREATE TABLE IF NOT EXISTS contents (
  task INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE, query TEXT NOT NULL,
  context TEXT NOT NULL, result TEXT NOT NULL, error TEXT NOT NULL, executions TEXT NOT NULL,
  model TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS events (
  task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
  at INTEGER NOT NULL, type TEXT NOT NULL, agent TEXT NOT NULL, message TEXT NOT NULL,
  payload TEXT NOT NULL, PRIMARY KEY (task, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_of_time ON events (at);
CREATE TABLE IF NOT EXISTS keys (
  tenant TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, task TEXT NOT NULL,
  session TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (tenant, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_of_time ON keys (created);
CREATE TABLE IF NOT EXISTS sessions (
  tenant TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, titled INTEGER NOT NULL,
  forgotten INTEGER NOT NULL, PRIMARY KEY (tenant, name)) WITHOUT ROWID;
PRAGMA user_version = 3;
)";
// 1 had no `model`, 2 no `tokens`, `nanodollars` and `sessions`.
constexpr std::int64_t kSchemaVersion = 3;
constexpr const char* kFromFirst = "ALTER TABLE contents ADD COLUMN model TEXT NOT NULL DEFAULT ''";
constexpr const char* kFromSecond[] = {
    "ALTER TABLE tasks ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tasks ADD COLUMN nanodollars INTEGER NOT NULL DEFAULT 0"};

constexpr std::size_t kMaxTitle = 1000;
// A tenant's surplus is looked for once in so many submissions.
constexpr std::int64_t kTasksBetweenTrims = 64;

/// Makes a database of format `version` one of this format, or leaves it as it is.
Status upgrade(Database& database, std::int64_t version) {
  SKERRY_ASSIGN(auto transaction, Transaction::begin(database));
  if (version == 1) SKERRY_TRY(database.run(kFromFirst).status());
  for (const char* each : kFromSecond) SKERRY_TRY(database.run(each).status());
  SKERRY_ASSIGN(const auto models, database.run("SELECT task, model FROM contents "
                                                "WHERE model <> ''"));
  for (const Row& each : models) {
    const Spent spent = spent_in(each.text(1));
    SKERRY_TRY(
        database
            .run("UPDATE tasks SET tokens = ?, nanodollars = ? WHERE id = ?",
                 {Cell::of(spent.tokens), Cell::of(spent.nanodollars), Cell::of(each.integer(0))})
            .status());
  }
  SKERRY_TRY(database.run("PRAGMA user_version = 3").status());
  return transaction.commit();
}

}  // namespace

Status TaskTables::told(const Status& failure) {
  last_failure_ = std::string(message_of(failure));
  switch (failure.code()) {
    case StatusCode::kResourceExhausted:
      return absl::UnavailableError(
          "tasks cannot be kept: the disk is full; again when there is room");
    case StatusCode::kUnavailable:
      return absl::UnavailableError("tasks cannot be kept: another program holds their database");
    case StatusCode::kPermissionDenied:
      return absl::UnavailableError("tasks cannot be kept: their database cannot be written");
    case StatusCode::kDataLoss:
      return absl::DataLossError(
          "the tasks' database is damaged; the service's log says where it is and what to do");
    default:
      return absl::InternalError("the tasks' database failed");
  }
}

Result<std::vector<Row>> TaskTables::ask(std::string_view sql, const std::vector<Cell>& values) {
  auto rows = database_->run(sql, values);
  if (!rows.ok()) return told(rows.status());
  return rows;
}

Result<std::int64_t> TaskTables::number(std::string_view sql, const std::vector<Cell>& values) {
  SKERRY_ASSIGN(const auto rows, ask(sql, values));
  return rows.empty() ? 0 : rows.front().integer(0);
}

Result<Transaction> TaskTables::begin(Sync sync) {
  if (sync != sync_) {
    const Status set = database_->set_durable(sync == Sync::kFull);
    if (!set.ok()) return told(set);
    sync_ = sync;
  }
  auto transaction = Transaction::begin(*database_);
  if (!transaction.ok()) return told(transaction.status());
  return transaction;
}

Status TaskTables::commit(Transaction transaction) {
  const Status done = transaction.commit();
  return done.ok() ? ok_status() : told(done);
}

Result<std::unique_ptr<TaskTables>> TaskTables::open(const std::filesystem::path& path,
                                                     std::string_view instance) {
  SKERRY_ASSIGN(auto database, Database::open(path));
  SKERRY_ASSIGN(const auto version, database->run("PRAGMA user_version"));
  if (version[0].integer(0) > kSchemaVersion) {
    return absl::UnimplementedError(path.native() + " has format " +
                                    std::to_string(version[0].integer(0)) +
                                    ", this version of Skerry knows up to 3");
  }
  if (const std::int64_t old = version[0].integer(0); old == 1 || old == 2) {
    SKERRY_TRY(upgrade(*database, old));
  }
  SKERRY_TRY(database->run_script(kSchema));
  return std::unique_ptr<TaskTables>(new TaskTables(std::move(database), instance));
}

// ----------------------------------------------------------------------------------- submissions

Status TaskTables::check_room(const Submission& submission, std::int64_t bytes,
                              const Bounds& bounds) {
  SKERRY_ASSIGN(const auto rows, ask("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM tasks "
                                     "WHERE tenant = ? AND state IN (1, 7)",
                                     {Cell::of(submission.tenant)}));
  if (rows[0].integer(0) >= bounds.queue) {
    return absl::ResourceExhaustedError(std::to_string(bounds.queue) +
                                        " tasks wait already; submit again when some have run");
  }
  if (rows[0].integer(1) + bytes > bounds.queue_bytes) {
    return absl::ResourceExhaustedError(
        "the tasks that wait already hold " + std::to_string(rows[0].integer(1)) +
        " bytes, and this one is too much for the limit of " + std::to_string(bounds.queue_bytes));
  }
  return ok_status();
}

Result<std::optional<Accepted>> TaskTables::accepted_before(std::string_view tenant,
                                                            const IdempotencyKey& key,
                                                            const Bounds& bounds,
                                                            std::int64_t now) {
  SKERRY_ASSIGN(const auto rows,
                ask("SELECT digest, task, session, created FROM keys "
                    "WHERE tenant = ? AND key = ? AND created > ?",
                    {Cell::of(tenant), Cell::of(key.text), Cell::of(now - bounds.keys_ns)}));
  if (rows.empty()) return std::nullopt;
  if (rows[0].text(0) != key.digest) {
    return absl::AlreadyExistsError(
        "this Idempotency-Key came with another request before; take a new one");
  }
  return Accepted{.id = rows[0].text(1),
                  .session = rows[0].text(2),
                  .created_unix_ns = rows[0].integer(3),
                  .is_replay = true};
}

Status TaskTables::insert(const Submission& submission, const Accepted& accepted,
                          std::int64_t bytes) {
  const std::string tools = submission.tools ? stored_json(json(*submission.tools)) : std::string();
  SKERRY_TRY(
      ask("INSERT INTO tasks (tenant, name, user, key, tools, session, in_session, mode, title, "
          "state, retry, bytes, created, updated) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?12, ?12)",
          {Cell::of(submission.tenant), Cell::of(accepted.id), Cell::of(submission.user),
           Cell::of(submission.key), Cell::of(tools), Cell::of(submission.session),
           Cell::of(submission.runs_in_session ? 1 : 0), Cell::of(submission.mode),
           Cell::of(clip(submission.query, kMaxTitle)),
           Cell::of(submission.retry_on_restart ? 1 : 0), Cell::of(bytes),
           Cell::of(accepted.created_unix_ns)})
          .status());
  return ask("INSERT INTO contents VALUES (?, ?, ?, '', '', '[]', '')",
             {Cell::of(database_->last_id()), Cell::of(submission.query),
              Cell::of(stored_json(submission.context))})
      .status();
}

Result<Accepted> TaskTables::add(const Submission& submission,
                                 const std::optional<IdempotencyKey>& key, const Bounds& bounds,
                                 std::int64_t now) {
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  if (key) {
    SKERRY_ASSIGN(auto before, accepted_before(submission.tenant, *key, bounds, now));
    if (before) return *std::move(before);
  }
  const auto bytes =
      static_cast<std::int64_t>(submission.query.size() + stored_json(submission.context).size());
  SKERRY_TRY(check_room(submission, bytes, bounds));
  Accepted accepted{.id = new_id("task-"), .session = submission.session, .created_unix_ns = now};
  SKERRY_TRY(insert(submission, accepted, bytes));
  const bool is_time_to_trim = database_->last_id() % kTasksBetweenTrims == 0;
  if (key) {
    SKERRY_TRY(ask("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?)",
                   {Cell::of(submission.tenant), Cell::of(key->text), Cell::of(key->digest),
                    Cell::of(accepted.id), Cell::of(accepted.session), Cell::of(now)})
                   .status());
  }
  SKERRY_TRY(commit(std::move(transaction)));
  // It is taken, whatever becomes of this.
  if (is_time_to_trim) (void)remove_surplus(submission.tenant, bounds);
  return accepted;
}

// ------------------------------------------------------------------------------------------ reads

Result<Task> TaskTables::find(std::string_view tenant, std::string_view id) {
  SKERRY_ASSIGN(const auto rows, ask(whole_tasks_where("t.tenant = ? AND t.name = ?"),
                                     {Cell::of(tenant), Cell::of(id)}));
  if (rows.empty()) return absl::NotFoundError("there is no task " + std::string(id));
  return whole_task_of(rows[0]);
}

Result<std::int64_t> TaskTables::row_of(std::string_view tenant, std::string_view id) {
  SKERRY_ASSIGN(const std::int64_t row, number("SELECT id FROM tasks WHERE tenant = ? AND name = ?",
                                               {Cell::of(tenant), Cell::of(id)}));
  if (row == 0) return absl::NotFoundError("there is no task " + std::string(id));
  return row;
}

Result<Page> TaskTables::list(std::string_view tenant, const Filter& filter) {
  std::string where = " FROM tasks t WHERE t.tenant = ?";
  std::vector<Cell> values = {Cell::of(tenant)};
  if (filter.session) {
    where += " AND t.session = ?";
    values.push_back(Cell::of(*filter.session));
  }
  if (filter.user) {
    where += " AND t.user = ?";
    values.push_back(Cell::of(*filter.user));
  }
  if (filter.state) {
    where += " AND t.state = ?";
    values.push_back(cell_of(*filter.state));
  }
  Page page;
  SKERRY_ASSIGN(page.total, number("SELECT COUNT(*)" + where, values));
  values.push_back(Cell::of(filter.limit));
  values.push_back(Cell::of(filter.offset));
  SKERRY_ASSIGN(const auto rows, ask("SELECT " + std::string(kColumns) + where +
                                         " ORDER BY t.id DESC LIMIT ? OFFSET ?",
                                     values));
  for (const Row& row : rows) page.tasks.push_back(task_of(row));
  return page;
}

Result<EventBatch> TaskTables::events_after(std::int64_t row, std::int64_t after,
                                            std::int64_t most) {
  EventBatch batch;
  // Asked first: what is final now has all its events.
  SKERRY_ASSIGN(const auto states, ask("SELECT state FROM tasks WHERE id = ?", {Cell::of(row)}));
  if (states.empty()) return absl::NotFoundError("the task is gone");
  batch.is_final = is_final(state_of(states[0].integer(0)));
  SKERRY_ASSIGN(const auto rows, ask("SELECT seq, at, type, agent, message, payload FROM events "
                                     "WHERE task = ? AND seq > ? ORDER BY seq LIMIT ?",
                                     {Cell::of(row), Cell::of(after), Cell::of(most)}));
  for (const Row& each : rows) batch.events.push_back(event_of(each));
  return batch;
}

Result<std::vector<Event>> TaskTables::events(std::int64_t row, std::int64_t offset,
                                              std::int64_t most) {
  SKERRY_ASSIGN(const auto rows, ask("SELECT seq, at, type, agent, message, payload FROM events "
                                     "WHERE task = ? ORDER BY seq LIMIT ? OFFSET ?",
                                     {Cell::of(row), Cell::of(most), Cell::of(offset)}));
  std::vector<Event> events;
  events.reserve(rows.size());
  for (const Row& each : rows) events.push_back(event_of(each));
  return events;
}

// --------------------------------------------------------------------------------------- running

Status TaskTables::add_events(std::int64_t row, std::vector<Event>& events, std::int64_t now) {
  if (events.empty()) return ok_status();
  const auto count = static_cast<std::int64_t>(events.size());
  SKERRY_ASSIGN(std::int64_t seq,
                number("UPDATE tasks SET last_seq = last_seq + ?, updated = ? WHERE id = ? "
                       "RETURNING last_seq",
                       {Cell::of(count), Cell::of(now), Cell::of(row)}));
  if (seq == 0) return absl::NotFoundError("the task is gone");
  const bool may_be_too_many = seq > static_cast<std::int64_t>(kEventsKept);
  seq -= count;
  for (Event& event : events) {
    event.seq = ++seq;
    if (event.at_unix_ns == 0) event.at_unix_ns = now;
    const std::string payload = event.payload.is_null() ? "" : stored_json(event.payload);
    SKERRY_TRY(
        ask("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
            {Cell::of(row), Cell::of(event.seq), Cell::of(event.at_unix_ns), Cell::of(event.type),
             Cell::of(event.agent), Cell::of(event.message), Cell::of(payload)})
            .status());
  }
  if (!may_be_too_many) return ok_status();
  return ask("DELETE FROM events WHERE task = ?1 AND seq <= (SELECT seq FROM events "
             "WHERE task = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
             {Cell::of(row), Cell::of(static_cast<std::int64_t>(kEventsKept))})
      .status();
}

Status TaskTables::set_state(std::int64_t row, State state, std::int64_t now) {
  return ask("UPDATE tasks SET state = ?, updated = ? WHERE id = ?",
             {cell_of(state), Cell::of(now), Cell::of(row)})
      .status();
}

Status TaskTables::finish(std::int64_t row, const Change& change, std::int64_t now) {
  const Spent spent = spent_in(change.model);
  SKERRY_TRY(ask("UPDATE tasks SET state = ?, updated = ?2, finished = ?2, begun = 0, pausing = 0, "
                 "bytes = bytes + ?, tokens = ?, nanodollars = ? WHERE id = ?",
                 {cell_of(change.state), Cell::of(now),
                  Cell::of(static_cast<std::int64_t>(change.result.size() + change.error.size() +
                                                     change.executions.size())),
                  Cell::of(spent.tokens), Cell::of(spent.nanodollars), Cell::of(row)})
                 .status());
  return ask("UPDATE contents SET result = ?, error = ?, executions = ?, model = ? WHERE task = ?",
             {Cell::of(change.result), Cell::of(change.error),
              Cell::of(change.executions.empty() ? "[]" : change.executions),
              Cell::of(change.model), Cell::of(row)})
      .status();
}

Result<std::optional<TaskTables::Claim>> TaskTables::claim(std::int64_t now) {
  SKERRY_ASSIGN(const auto waiting,
                ask("SELECT MIN(id), (SELECT COUNT(*) FROM tasks r WHERE r.state = 2 AND "
                    "r.tenant = t.tenant) AS running FROM tasks t WHERE state = 1 GROUP BY tenant "
                    "ORDER BY running, MIN(id) LIMIT 1"));
  if (waiting.empty()) return std::nullopt;
  const std::int64_t row = waiting[0].integer(0);
  // Durable, so that after a power loss nobody takes it for one that never began.
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  SKERRY_ASSIGN(const auto rows, ask(whole_tasks_where("t.id = ?"), {Cell::of(row)}));
  if (rows.empty()) return absl::InternalError("a task has no contents");
  Claim claim{.task = whole_task_of(rows[0]), .events = {}};
  claim.goes_on = rows[0].integer(kBegun) != 0;
  SKERRY_TRY(
      ask("UPDATE tasks SET state = 2, begun = 1, runner = ?1, updated = ?2, "
          "attempts = attempts + ?4, started = CASE started WHEN 0 THEN ?2 ELSE started END "
          "WHERE id = ?3",
          {Cell::of(instance_), Cell::of(now), Cell::of(row), Cell::of(claim.goes_on ? 0 : 1)})
          .status());
  claim.task.state = State::kRunning;
  if (!claim.goes_on) {
    claim.task.attempts += 1;
    claim.events.push_back({.type = kWorkflowStarted, .message = "Task started"});
    SKERRY_TRY(add_events(row, claim.events, now));
  }
  SKERRY_TRY(commit(std::move(transaction)));
  return claim;
}

Result<std::vector<Event>> TaskTables::append(std::int64_t row, std::vector<Event> events,
                                              const std::optional<Change>& change,
                                              std::int64_t now) {
  SKERRY_ASSIGN(auto transaction, begin(change ? Sync::kFull : Sync::kNone));
  SKERRY_ASSIGN(const std::int64_t state,
                number("SELECT state FROM tasks WHERE id = ?", {Cell::of(row)}));
  if (state == 0) return absl::NotFoundError("the task is gone");
  if (is_final(state_of(state))) return std::vector<Event>();
  SKERRY_TRY(add_events(row, events, now));
  if (change && is_final(change->state)) {
    SKERRY_TRY(finish(row, *change, now));
  } else if (change) {
    SKERRY_TRY(set_state(row, change->state, now));
    SKERRY_TRY(ask("UPDATE tasks SET pausing = 0 WHERE id = ?", {Cell::of(row)}).status());
  }
  SKERRY_TRY(commit(std::move(transaction)));
  return events;
}

}  // namespace skerry::task
