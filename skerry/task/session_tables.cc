// SPDX-License-Identifier: Apache-2.0
// The tables' calls about sessions: what tasks are filed under, titles, what was forgotten.
#include <map>
#include <utility>

#include "skerry/task/task_rows.h"
#include "skerry/task/task_tables.h"

namespace skerry::task {
namespace {

// Tasks of session ?2 of tenant ?1.
constexpr const char* kOfSession =
    "t.tenant = ?1 AND t.session = ?2 AND t.id > COALESCE((SELECT s.forgotten FROM sessions s "
    "WHERE s.tenant = ?1 AND s.name = ?2), 0)";

// Each session of tenant ?1 that has tasks. The row's first and last tasks tell the rest.
constexpr const char* kSessions =
    "SELECT g.session, g.tasks, g.completed, g.failed, g.tokens, g.nanodollars, f.created, "
    "g.active, f.user, f.key, f.mode, l.title, l.state FROM "
    "(SELECT t.session, MIN(t.id) AS first, MAX(t.id) AS last, COUNT(*) AS tasks, "
    "SUM(t.state = 3) AS completed, SUM(t.state IN (4, 6)) AS failed, SUM(t.tokens) AS tokens, "
    "SUM(t.nanodollars) AS nanodollars, MAX(t.updated) AS active FROM tasks t "
    "LEFT JOIN sessions s ON s.tenant = t.tenant AND s.name = t.session "
    "WHERE t.tenant = ?1 AND t.id > COALESCE(s.forgotten, 0)";
constexpr const char* kSessionsEnd =
    " GROUP BY t.session) g JOIN tasks f ON f.id = g.first JOIN tasks l ON l.id = g.last";

TaskSession session_of(const Row& row) {
  return {.name = row.text(0),
          .tasks = row.integer(1),
          .completed = row.integer(2),
          .failed = row.integer(3),
          .tokens = row.integer(4),
          .nanodollars = row.integer(5),
          .created_unix_ns = row.integer(6),
          .active_unix_ns = row.integer(7),
          .user = row.text(8),
          .key = row.text(9),
          .first_mode = row.text(10),
          .latest_query = row.text(11),
          .latest_state = state_of(row.integer(12))};
}

/// The statement that reads `columns` of the tasks that a request is about.
std::string page_of(std::string_view columns) {
  return "SELECT " + std::string(columns) + " FROM tasks t WHERE " + kOfSession +
         " ORDER BY t.id LIMIT ?3 OFFSET ?4";
}

std::vector<Cell> values_of(const TurnsRequest& request) {
  return {Cell::of(request.tenant), Cell::of(request.session), Cell::of(request.limit),
          Cell::of(request.offset)};
}

}  // namespace

Result<std::vector<TaskSession>> TaskTables::sessions(std::string_view tenant,
                                                      const std::optional<std::string>& name) {
  std::vector<Cell> values{Cell::of(tenant)};
  std::string statement = kSessions;
  std::string titles = "SELECT name, title, titled FROM sessions WHERE tenant = ?1 AND title <> ''";
  if (name) {
    values.push_back(Cell::of(*name));
    statement += " AND t.session = ?2";
    titles += " AND name = ?2";
  }
  SKERRY_ASSIGN(const auto rows, ask(statement + kSessionsEnd, values));
  std::vector<TaskSession> sessions;
  std::map<std::string, std::size_t, std::less<>> places;
  for (const Row& row : rows) {
    places.emplace(row.text(0), sessions.size());
    sessions.push_back(session_of(row));
  }
  SKERRY_ASSIGN(const auto titled, ask(titles, values));
  for (const Row& row : titled) {
    const auto [found, is_new] = places.emplace(row.text(0), sessions.size());
    if (is_new) sessions.push_back({.name = row.text(0)});
    sessions[found->second].title = row.text(1);
    sessions[found->second].titled_unix_ns = row.integer(2);
  }
  return sessions;
}

Result<Turns> TaskTables::turns(const TurnsRequest& request) {
  Turns found;
  SKERRY_ASSIGN(found.total, number(std::string("SELECT COUNT(*) FROM tasks t WHERE ") + kOfSession,
                                    {Cell::of(request.tenant), Cell::of(request.session)}));
  SKERRY_ASSIGN(found.bytes,
                number("SELECT COALESCE(SUM(bytes), 0) FROM (" + page_of("t.bytes") + ")",
                       values_of(request)));
  const bool with_events = request.with == TurnsRequest::With::kEvents;
  if (with_events) {
    SKERRY_ASSIGN(const auto sums,
                  ask("SELECT COUNT(*), COALESCE(SUM(LENGTH(CAST(message AS BLOB)) + "
                      "LENGTH(CAST(payload AS BLOB))), 0) FROM events WHERE type <> 'LLM_PARTIAL' "
                      "AND task IN (" +
                          page_of("t.id") + ")",
                      values_of(request)));
    found.events = sums[0].integer(0);
    found.bytes += sums[0].integer(1);
  }
  found.is_too_much = found.bytes > request.max_bytes || found.events > request.max_events;
  if (found.is_too_much) return found;
  SKERRY_ASSIGN(const auto rows,
                ask(whole_tasks_where("t.id IN (" + page_of("t.id") + ")") + " ORDER BY t.id",
                    values_of(request)));
  for (const Row& row : rows) {
    Turn turn{.task = whole_task_of(row)};
    if (with_events) {
      SKERRY_ASSIGN(const auto events,
                    ask("SELECT seq, at, type, agent, message, payload FROM events "
                        "WHERE task = ? AND type <> 'LLM_PARTIAL' ORDER BY seq",
                        {Cell::of(turn.task.row)}));
      for (const Row& each : events) turn.events.push_back(event_of(each));
    }
    found.turns.push_back(std::move(turn));
  }
  return found;
}

Status TaskTables::set_title(std::string_view tenant, std::string_view session,
                             std::string_view title, const Bounds& bounds, std::int64_t now) {
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  SKERRY_TRY(ask("INSERT INTO sessions VALUES (?, ?, ?, ?, 0) ON CONFLICT (tenant, name) "
                 "DO UPDATE SET title = excluded.title, titled = excluded.titled",
                 {Cell::of(tenant), Cell::of(session), Cell::of(title), Cell::of(now)})
                 .status());
  SKERRY_TRY(ask("UPDATE sessions SET title = '', titled = 0 WHERE tenant = ?1 AND title <> '' AND "
                 "titled < (SELECT titled FROM sessions WHERE tenant = ?1 AND title <> '' "
                 "ORDER BY titled DESC LIMIT 1 OFFSET ?2)",
                 {Cell::of(tenant), Cell::of(bounds.titles - 1)})
                 .status());
  return commit(std::move(transaction));
}

Status TaskTables::forget_session(std::string_view tenant, std::string_view session) {
  SKERRY_ASSIGN(auto transaction, begin(Sync::kFull));
  SKERRY_ASSIGN(const std::int64_t last,
                number("SELECT COALESCE(MAX(id), 0) FROM tasks WHERE tenant = ? AND session = ?",
                       {Cell::of(tenant), Cell::of(session)}));
  if (last == 0) {
    // A client may forget any name: nothing stays of one that has no tasks.
    SKERRY_TRY(ask("DELETE FROM sessions WHERE tenant = ? AND name = ?",
                   {Cell::of(tenant), Cell::of(session)})
                   .status());
  } else {
    SKERRY_TRY(ask("INSERT INTO sessions VALUES (?, ?, '', 0, ?) ON CONFLICT (tenant, name) "
                   "DO UPDATE SET title = '', titled = 0, forgotten = excluded.forgotten",
                   {Cell::of(tenant), Cell::of(session), Cell::of(last)})
                   .status());
  }
  return commit(std::move(transaction));
}

Status TaskTables::tidy_sessions() {
  return ask("DELETE FROM sessions WHERE title = '' AND NOT EXISTS (SELECT 1 FROM tasks t WHERE "
             "t.tenant = sessions.tenant AND t.session = sessions.name AND "
             "t.id <= sessions.forgotten)")
      .status();
}

}  // namespace skerry::task
