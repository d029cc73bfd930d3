// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/session_tables.h"

#include <chrono>
#include <utility>

namespace skerry::store {
namespace {

// `number` counts within a session; `parent` is a revision's id, null for one on the template.
// `boot` tells whether the machine has been up ever since a revision that was not synced. `files`
// are kept for as long as a revision needs them, whose or as a source: on the disk, or here where
// they are patches; `totals` are their sums.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL,
  template TEXT NOT NULL, head INTEGER, fork_point INTEGER, next_number INTEGER NOT NULL,
  runs INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL, UNIQUE (tenant, name));
CREATE TABLE IF NOT EXISTS revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, number INTEGER NOT NULL,
  parent INTEGER, file TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, first_line TEXT NOT NULL,
  outcome TEXT NOT NULL, label TEXT NOT NULL, bytes INTEGER NOT NULL, pages INTEGER NOT NULL,
  durable INTEGER NOT NULL, boot TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS revisions_of_session ON revisions (session);
CREATE INDEX IF NOT EXISTS revisions_of_parent ON revisions (parent);
CREATE TABLE IF NOT EXISTS sources (
  revision INTEGER NOT NULL REFERENCES revisions (id) ON DELETE CASCADE, file TEXT NOT NULL,
  PRIMARY KEY (revision, file)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sources_of_file ON sources (file);
CREATE TABLE IF NOT EXISTS events (
  tenant TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of_name ON events (tenant, name);
CREATE TABLE IF NOT EXISTS files (
  file TEXT PRIMARY KEY, tenant TEXT NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS patches (file TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS patch_removed AFTER DELETE ON files BEGIN
  DELETE FROM patches WHERE file = old.file; END;
DROP INDEX IF EXISTS files_of_tenant;
INSERT OR IGNORE INTO files SELECT r.file, COALESCE(s.tenant, 'default'), r.bytes
  FROM revisions r LEFT JOIN sessions s ON s.id = r.session;
CREATE TABLE IF NOT EXISTS totals (tenant TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR REPLACE INTO totals SELECT tenant, SUM(bytes) FROM files GROUP BY tenant;
CREATE TRIGGER IF NOT EXISTS file_added AFTER INSERT ON files BEGIN
  INSERT INTO totals VALUES (new.tenant, new.bytes)
    ON CONFLICT (tenant) DO UPDATE SET bytes = bytes + excluded.bytes; END;
CREATE TRIGGER IF NOT EXISTS file_removed AFTER DELETE ON files BEGIN
  UPDATE totals SET bytes = bytes - old.bytes WHERE tenant = old.tenant; END;
PRAGMA user_version = 4;
)";
// 1 had no table `files`, 2 no `totals`, 3 no `patches`.
constexpr std::int64_t kSchemaVersion = 4;

constexpr std::int64_t kMaxEvents = 200;  // of one name, as they are told
// Events are trimmed once in so many: a run that notes something pays for one insertion.
constexpr std::int64_t kEventsBetweenTrims = 256;
// As long as the longest time to live: nobody asks for longer why a session is gone.
constexpr std::chrono::hours kEventsKept{30 * 24};

/// A selection whose rows `session_of` reads.
std::string sessions_where(std::string_view condition) {
  return "SELECT id, name, template, head, fork_point, next_number, used FROM sessions WHERE " +
         std::string(condition);
}

SessionRow session_of(const Row& row) {
  return {.id = row.integer(0),
          .name = row.text(1),
          .template_name = row.text(2),
          .head = row.integer(3),
          .fork_point = row.integer(4),
          .next_number = row.integer(5),
          .used_unix_ns = row.integer(6)};
}

/// A selection whose rows `revision_of` reads.
std::string revisions_where(std::string_view condition) {
  return "SELECT r.id, r.parent, r.file, r.boot, r.number, p.number, r.created, r.first_line, "
         "r.outcome, r.label, r.bytes, r.pages, r.durable "
         "FROM revisions r LEFT JOIN revisions p ON p.id = r.parent WHERE " +
         std::string(condition);
}

RevisionRow revision_of(const Row& row) {
  return {.id = row.integer(0),
          .parent = row.integer(1),
          .file = row.text(2),
          .boot = row.text(3),
          .info = {.number = row.integer(4),
                   .parent = row.integer(5),
                   .created_unix_ns = row.integer(6),
                   .first_line = row.text(7),
                   .outcome = row.text(8),
                   .label = row.text(9),
                   .bytes = row.integer(10),
                   .pages = row.integer(11),
                   .is_durable = row.integer(12) != 0}};
}

template <typename Make>
auto all_of(Result<std::vector<Row>> rows, Make make)
    -> Result<std::vector<decltype(make(std::declval<const Row&>()))>> {
  if (!rows.ok()) return rows.status();
  std::vector<decltype(make(std::declval<const Row&>()))> values;
  for (const Row& row : *rows) values.push_back(make(row));
  return values;
}

template <typename Make>
auto first_of(Result<std::vector<Row>> rows, Make make)
    -> Result<std::optional<decltype(make(std::declval<const Row&>()))>> {
  using Value = decltype(make(std::declval<const Row&>()));
  if (!rows.ok()) return rows.status();
  return rows->empty() ? std::optional<Value>() : std::optional<Value>(make(rows->front()));
}

std::string first_text(const Row& row) { return row.text(0); }

/// The template has no row.
Cell or_null(std::int64_t id) { return id == 0 ? Cell::null() : Cell::of(id); }

}  // namespace

Result<SessionTables> SessionTables::open(const std::filesystem::path& path,
                                          std::string_view tenant) {
  SKERRY_ASSIGN(auto database, Database::open(path));
  SKERRY_ASSIGN(const auto rows, database->run("PRAGMA user_version"));
  const std::int64_t version = rows.empty() ? 0 : rows[0].integer(0);
  if (version > kSchemaVersion) {
    return absl::UnimplementedError(path.native() + ": made by a newer version of Skerry");
  }
  if (version < kSchemaVersion) SKERRY_TRY(database->run_script(kSchema));
  return SessionTables(std::move(database), tenant);
}

Status SessionTables::set_sync(Sync sync) {
  if (sync == sync_) return ok_status();
  SKERRY_TRY(database_->set_durable(sync == Sync::kFull));
  sync_ = sync;
  return ok_status();
}

Result<std::vector<std::string>> SessionTables::damage() {
  SKERRY_ASSIGN(auto lines, all_of(database_->run("PRAGMA integrity_check"), first_text));
  std::erase(lines, "ok");
  return lines;
}

Status SessionTables::change(std::string_view sql, const std::vector<Cell>& values) {
  return database_->run(sql, values).status();
}

Result<std::optional<SessionRow>> SessionTables::session(const SessionName& name) {
  return first_of(database_->run(sessions_where("tenant = ? AND name = ?"),
                                 {Cell::of(tenant_), Cell::of(name.text())}),
                  session_of);
}

Result<std::int64_t> SessionTables::session_count() {
  SKERRY_ASSIGN(const auto rows, database_->run("SELECT COUNT(*) FROM sessions WHERE tenant = ?",
                                                {Cell::of(tenant_)}));
  return rows.at(0).integer(0);
}

Result<std::vector<SessionRow>> SessionTables::sessions() {
  return all_of(database_->run(sessions_where("tenant = ? ORDER BY used"), {Cell::of(tenant_)}),
                session_of);
}

Result<std::vector<SessionRow>> SessionTables::sessions_unused_since(std::int64_t unix_ns) {
  return all_of(database_->run(sessions_where("tenant = ? AND used < ?"),
                               {Cell::of(tenant_), Cell::of(unix_ns)}),
                session_of);
}

Result<std::vector<SessionInfo>> SessionTables::session_infos() {
  return all_of(
      database_->run(
          "SELECT s.name, s.template, h.number, COUNT(r.id), s.runs, COALESCE(SUM(r.bytes), 0), "
          "s.created, s.used FROM sessions s LEFT JOIN revisions h ON h.id = s.head LEFT JOIN "
          "revisions r ON r.session = s.id WHERE s.tenant = ? GROUP BY s.id ORDER BY s.used DESC",
          {Cell::of(tenant_)}),
      [](const Row& row) {
        return SessionInfo{.name = row.text(0),
                           .template_name = row.text(1),
                           .head = row.integer(2),
                           .revisions = row.integer(3),
                           .runs = row.integer(4),
                           .bytes = row.integer(5),
                           .created_unix_ns = row.integer(6),
                           .used_unix_ns = row.integer(7)};
      });
}

Result<SessionRow> SessionTables::add_session(const SessionName& name,
                                              std::string_view template_name,
                                              std::int64_t now_unix_ns) {
  SKERRY_TRY(
      change("INSERT INTO sessions (tenant, name, template, next_number, runs, created, used) "
             "VALUES (?, ?, ?, 1, 0, ?, ?)",
             {Cell::of(tenant_), Cell::of(name.text()), Cell::of(template_name),
              Cell::of(now_unix_ns), Cell::of(now_unix_ns)}));
  return SessionRow{.id = database_->last_id(),
                    .name = name.text(),
                    .template_name = std::string(template_name),
                    .used_unix_ns = now_unix_ns};
}

Status SessionTables::shift_uses(std::int64_t now_unix_ns) {
  return change("UPDATE sessions SET used = used + ?1 - (SELECT MAX(used) FROM sessions)",
                {Cell::of(now_unix_ns)});
}

Status SessionTables::move_head(std::int64_t session, std::int64_t revision,
                                std::int64_t now_unix_ns) {
  return change("UPDATE sessions SET head = ?, used = ? WHERE id = ?",
                {or_null(revision), Cell::of(now_unix_ns), Cell::of(session)});
}

Status SessionTables::fork_from(const SessionRow& origin, std::int64_t session) {
  return change("UPDATE sessions SET head = ?1, fork_point = ?1, next_number = ?2 WHERE id = ?3",
                {or_null(origin.head), Cell::of(origin.next_number), Cell::of(session)});
}

Result<std::vector<std::string>> SessionTables::remove_sessions(
    const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return std::vector<std::string>();
  for (const std::int64_t id : ids) {
    SKERRY_TRY(change("DELETE FROM sessions WHERE id = ?", {Cell::of(id)}));
  }
  // What other sessions were forked from outlives its own.
  const std::string kept =
      "WITH RECURSIVE kept (id) AS ("
      " SELECT r.id FROM revisions r JOIN sessions s ON r.session = s.id"
      " UNION SELECT fork_point FROM sessions WHERE fork_point IS NOT NULL"
      " UNION SELECT r.parent FROM revisions r JOIN kept ON r.id = kept.id"
      "  WHERE r.parent IS NOT NULL) ";
  SKERRY_ASSIGN(auto files,
                all_of(database_->run(
                           kept + "SELECT file FROM revisions WHERE id NOT IN (SELECT id FROM kept)"
                                  " UNION SELECT file FROM sources"
                                  " WHERE revision NOT IN (SELECT id FROM kept)"),
                       first_text));
  SKERRY_TRY(change(kept + "DELETE FROM revisions WHERE id NOT IN (SELECT id FROM kept)", {}));
  return files;
}

Result<std::optional<RevisionRow>> SessionTables::revision(std::int64_t id) {
  return first_of(database_->run(revisions_where("r.id = ?"), {Cell::of(id)}), revision_of);
}

Result<std::optional<RevisionRow>> SessionTables::revision_of_file(std::string_view file) {
  return first_of(database_->run(revisions_where("r.file = ?"), {Cell::of(file)}), revision_of);
}

Result<std::vector<RevisionRow>> SessionTables::reachable(const SessionRow& session) {
  return all_of(database_->run("WITH RECURSIVE line (id) AS ("
                               " SELECT id FROM revisions WHERE session = ?1"
                               " UNION SELECT id FROM revisions WHERE id = ?2"
                               " UNION SELECT r.parent FROM revisions r JOIN line ON r.id = line.id"
                               "  WHERE r.parent IS NOT NULL) " +
                                   revisions_where("r.id IN (SELECT id FROM line) ORDER BY r.id"),
                               {Cell::of(session.id), Cell::of(session.fork_point)}),
                revision_of);
}

Result<std::vector<RevisionRow>> SessionTables::surplus(const SessionRow& session,
                                                        std::int64_t kept) {
  return all_of(database_->run(revisions_where(
                                   "r.session = ?1 AND r.id != ?2 AND r.label = '' AND r.id NOT IN"
                                   " (SELECT fork_point FROM sessions WHERE fork_point IS NOT NULL)"
                                   " ORDER BY r.id DESC LIMIT -1 OFFSET ?3"),
                               {Cell::of(session.id), Cell::of(session.head), Cell::of(kept - 1)}),
                revision_of);
}

Result<std::int64_t> SessionTables::add_head(const SessionRow& session, const RevisionRow& row,
                                             const std::vector<std::string>& sources,
                                             const std::string* patch) {
  SKERRY_TRY(change(
      "INSERT INTO revisions (session, number, parent, file, created, first_line, outcome, label, "
      "bytes, pages, durable, boot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {Cell::of(session.id), Cell::of(row.info.number), or_null(row.parent), Cell::of(row.file),
       Cell::of(row.info.created_unix_ns), Cell::of(row.info.first_line),
       Cell::of(row.info.outcome), Cell::of(row.info.label), Cell::of(row.info.bytes),
       Cell::of(row.info.pages), Cell::of(row.info.is_durable ? 1 : 0), Cell::of(row.boot)}));
  const std::int64_t id = database_->last_id();
  SKERRY_TRY(change("INSERT INTO files (file, tenant, bytes) VALUES (?, ?, ?)",
                    {Cell::of(row.file), Cell::of(tenant_), Cell::of(row.info.bytes)}));
  if (patch != nullptr) {
    SKERRY_TRY(change("INSERT INTO patches (file, content) VALUES (?, ?)",
                      {Cell::of(row.file), Cell::blob(*patch)}));
  }
  for (const std::string& source : sources) {
    SKERRY_TRY(change("INSERT INTO sources (revision, file) VALUES (?, ?)",
                      {Cell::of(id), Cell::of(source)}));
  }
  SKERRY_TRY(change(
      "UPDATE sessions SET head = ?, next_number = ?, runs = runs + 1, used = ? WHERE id = ?",
      {Cell::of(id), Cell::of(row.info.number + 1), Cell::of(row.info.created_unix_ns),
       Cell::of(session.id)}));
  return id;
}

Status SessionTables::set_label(std::int64_t revision, std::string_view label) {
  return change("UPDATE revisions SET label = ? WHERE id = ?",
                {Cell::of(label), Cell::of(revision)});
}

Result<std::vector<std::string>> SessionTables::remove_revision(const RevisionRow& row) {
  SKERRY_ASSIGN(auto files, sources_of(row.id));
  files.push_back(row.file);
  SKERRY_TRY(change("UPDATE revisions SET parent = ? WHERE parent = ?",
                    {or_null(row.parent), Cell::of(row.id)}));
  SKERRY_TRY(change("DELETE FROM revisions WHERE id = ?", {Cell::of(row.id)}));
  return files;
}

Result<std::vector<std::string>> SessionTables::sources_of(std::int64_t revision) {
  return all_of(database_->run("SELECT file FROM sources WHERE revision = ?", {Cell::of(revision)}),
                first_text);
}

Result<std::optional<std::string>> SessionTables::patch(std::string_view file) {
  return first_of(database_->run("SELECT content FROM patches WHERE file = ?", {Cell::of(file)}),
                  first_text);
}

Result<std::string> SessionTables::users_of(std::string_view file) {
  SKERRY_ASSIGN(const auto rows,
                database_->run("SELECT s.name, MIN(r.number), MAX(r.number) FROM revisions r"
                               " JOIN sessions s ON s.id = r.session WHERE r.file = ?1"
                               " OR r.id IN (SELECT revision FROM sources WHERE file = ?1)"
                               " GROUP BY s.id ORDER BY s.name LIMIT 10",
                               {Cell::of(file)}));
  std::string users;
  for (const Row& row : rows) {
    users += (users.empty() ? "session " : ", ") + row.text(0) + " from revision " +
             std::to_string(row.integer(1)) + " to " + std::to_string(row.integer(2));
  }
  return users.empty() ? "a session that is no more" : users;
}

Result<std::vector<std::string>> SessionTables::patches() {
  return all_of(database_->run("SELECT file FROM patches"), first_text);
}

Result<bool> SessionTables::remove_if_unneeded(std::string_view file) {
  SKERRY_ASSIGN(const auto removed,
                database_->run("DELETE FROM files WHERE file = ?1"
                               " AND NOT EXISTS (SELECT 1 FROM revisions WHERE file = ?1)"
                               " AND NOT EXISTS (SELECT 1 FROM sources WHERE file = ?1)"
                               " RETURNING file",
                               {Cell::of(file)}));
  return !removed.empty();
}

Result<std::int64_t> SessionTables::bytes() {
  SKERRY_ASSIGN(const auto rows,
                database_->run("SELECT bytes FROM totals WHERE tenant = ?", {Cell::of(tenant_)}));
  return rows.empty() ? 0 : rows[0].integer(0);
}

Result<std::vector<std::string>> SessionTables::files_unused_since(std::int64_t unix_ns) {
  return all_of(
      database_->run("SELECT file FROM files WHERE tenant = ?1 EXCEPT "
                     "SELECT r.file FROM sessions s JOIN revisions r ON r.id = s.head "
                     "  WHERE s.used >= ?2 EXCEPT "
                     "SELECT x.file FROM sessions s JOIN sources x ON x.revision = s.head "
                     "  WHERE s.used >= ?2",
                     {Cell::of(tenant_), Cell::of(unix_ns)}),
      first_text);
}

Result<std::vector<std::string>> SessionTables::needed_files() {
  return all_of(database_->run("SELECT file FROM revisions UNION SELECT file FROM sources"
                               " EXCEPT SELECT file FROM patches"),
                first_text);
}

Status SessionTables::add_event(std::string_view session, std::string_view text,
                                std::int64_t now_unix_ns) {
  SKERRY_TRY(change("INSERT INTO events (tenant, name, at, text) VALUES (?, ?, ?, ?)",
                    {Cell::of(tenant_), Cell::of(session), Cell::of(now_unix_ns), Cell::of(text)}));
  if (database_->last_id() % kEventsBetweenTrims != 0) return ok_status();
  return trim_events(now_unix_ns);
}

Status SessionTables::trim_events(std::int64_t now_unix_ns) {
  return change(
      "DELETE FROM events WHERE at < ?1 OR rowid IN (SELECT id FROM (SELECT rowid AS id,"
      " ROW_NUMBER() OVER (PARTITION BY tenant, name ORDER BY rowid DESC) AS place FROM events)"
      " WHERE place > ?2)",
      {Cell::of(now_unix_ns - std::chrono::nanoseconds(kEventsKept).count()),
       Cell::of(kMaxEvents)});
}

Result<std::vector<Event>> SessionTables::events(std::string_view session) {
  return all_of(
      database_->run("SELECT at, text FROM (SELECT rowid AS id, at, text FROM events WHERE "
                     "tenant = ? AND name = ? ORDER BY id DESC LIMIT ?) ORDER BY id",
                     {Cell::of(tenant_), Cell::of(session), Cell::of(kMaxEvents)}),
      [](const Row& row) { return Event{row.integer(0), row.text(1)}; });
}

}  // namespace skerry::store
