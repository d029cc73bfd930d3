// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_store.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "skerry/base/sha256.h"

namespace skerry::session {
namespace {

// `number` counts within a session; `parent` is a revision's id, null for one on the template.
// `boot` tells whether the machine has been up ever since a revision that was not synced.
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
  revision INTEGER NOT NULL REFERENCES revisions (id) ON DELETE CASCADE, file TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sources_of_revision ON sources (revision);
CREATE INDEX IF NOT EXISTS sources_of_file ON sources (file);
CREATE TABLE IF NOT EXISTS events (
  tenant TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of_name ON events (tenant, name);
PRAGMA user_version = 1;
)";
constexpr std::int64_t kSchemaVersion = 1;

constexpr std::size_t kMaxLabel = 128;
constexpr std::int64_t kMaxEvents = 200;  // of one name

std::int64_t now_unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

const std::string& boot_id() {
  static const std::string kId =
      read_file("/proc/sys/kernel/random/boot_id", kib(1)).value_or("unknown");
  return kId;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Cell or_null(std::int64_t id) { return id == 0 ? Cell::null() : Cell::of(id); }

}  // namespace

struct SessionStore::Session {
  std::int64_t id = 0;
  std::string name;
  std::string template_name;
  std::int64_t head = 0;  // a revision's id; 0: the template
  std::int64_t fork_point = 0;
  std::int64_t next_number = 1;
  std::int64_t runs = 0;
  std::int64_t created = 0;
  std::int64_t used = 0;
};

struct SessionStore::Node {
  std::int64_t id = 0;
  std::int64_t session = 0;
  std::int64_t parent = 0;
  std::optional<std::int64_t> parent_number;
  std::string file;
  std::string boot;
  RevisionInfo info;
};

Result<SessionName> SessionName::parse(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= 128 && text.front() != '.' &&
                    text.find("..") == text.npos &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                    });
  if (fits) return SessionName(text);
  return absl::InvalidArgumentError(
      "a session's name has 1 to 128 letters, digits, dots, hyphens and underscores, no dot in "
      "front and no two dots in a row");
}

Result<std::unique_ptr<SessionStore>> SessionStore::open(const std::filesystem::path& directory,
                                                         std::string_view tenant, Policy policy) {
  SKERRY_TRY(make_private_directory(directory / "locks"));
  SKERRY_ASSIGN(auto files, image::RevisionFiles::open(directory));
  SKERRY_ASSIGN(auto database, Database::open(directory / "sessions.db"));
  SKERRY_ASSIGN(const auto version, database->run("PRAGMA user_version"));
  if (!version.empty() && version[0].integer(0) > kSchemaVersion) {
    return absl::UnimplementedError((directory / "sessions.db").native() +
                                    ": made by a newer version of Skerry");
  }
  if (version.empty() || version[0].integer(0) < kSchemaVersion) {
    SKERRY_TRY(database->run_script(kSchema));
  }
  return std::unique_ptr<SessionStore>(new SessionStore(directory, std::string(tenant), policy,
                                                        std::move(files), std::move(database)));
}

std::filesystem::path SessionStore::lock_path(std::string_view name) const {
  return directory_ / "locks" / (sha256_hex(as_bytes(tenant_ + "/" + std::string(name))) + ".lock");
}

Result<SessionStore::Lease> SessionStore::lease(const SessionName& name) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(auto lock, FileLock::acquire(lock_path(name.text())));
  return Lease(name, std::move(lock));
}

Result<std::optional<SessionStore::Session>> SessionStore::find(const SessionName& name) {
  SKERRY_ASSIGN(const auto rows,
                database_->run("SELECT id, template, head, fork_point, next_number, runs, created, "
                               "used FROM sessions WHERE tenant = ? AND name = ?",
                               {Cell::of(tenant_), Cell::of(name.text())}));
  if (rows.empty()) return std::optional<Session>();
  const Row& row = rows[0];
  return std::optional(Session{.id = row.integer(0),
                               .name = name.text(),
                               .template_name = row.text(1),
                               .head = row.integer(2),
                               .fork_point = row.integer(3),
                               .next_number = row.integer(4),
                               .runs = row.integer(5),
                               .created = row.integer(6),
                               .used = row.integer(7)});
}

Result<SessionStore::Session> SessionStore::existing(const SessionName& name) {
  SKERRY_ASSIGN(auto session, find(name));
  if (session) return *std::move(session);
  SKERRY_ASSIGN(const auto happened, events(name));
  return absl::NotFoundError("there is no session \"" + name.text() + "\"" +
                             (happened.empty() ? "" : " any more: " + happened.back().text) +
                             "; `skerry session list` names all");
}

Result<std::vector<SessionStore::Node>> SessionStore::reachable(const Session& session) {
  SKERRY_ASSIGN(
      const auto rows,
      database_->run("WITH RECURSIVE line (id) AS ("
                     " SELECT id FROM revisions WHERE session = ?1"
                     " UNION SELECT id FROM revisions WHERE id = ?2"
                     " UNION SELECT r.parent FROM revisions r JOIN line ON r.id = line.id"
                     "  WHERE r.parent IS NOT NULL)"
                     "SELECT r.id, r.session, r.parent, p.number, r.file, r.boot, r.number,"
                     " r.created, r.first_line, r.outcome, r.label, r.bytes, r.pages, r.durable "
                     "FROM revisions r JOIN line ON r.id = line.id"
                     " LEFT JOIN revisions p ON p.id = r.parent ORDER BY r.id",
                     {Cell::of(session.id), Cell::of(session.fork_point)}));
  std::vector<Node> nodes;
  for (const Row& row : rows) {
    Node node;
    node.id = row.integer(0);
    node.session = row.integer(1);
    node.parent = row.integer(2);
    if (!row.is_null(3)) node.parent_number = row.integer(3);
    node.file = row.text(4);
    node.boot = row.text(5);
    node.info = {.number = row.integer(6),
                 .parent = node.parent_number.value_or(0),
                 .created_unix_ns = row.integer(7),
                 .first_line = row.text(8),
                 .outcome = row.text(9),
                 .label = row.text(10),
                 .bytes = row.integer(11),
                 .pages = row.integer(12),
                 .is_durable = row.integer(13) != 0,
                 .is_head = node.id == session.head};
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<SessionStore::Node> SessionStore::resolve(const Session& session, std::string_view where) {
  const auto number = number_in(where);
  if (number == 0) {
    Node root;
    root.info.is_head = session.head == 0;
    return root;
  }
  SKERRY_ASSIGN(const auto nodes, reachable(session));
  const auto found = std::find_if(nodes.rbegin(), nodes.rend(), [&](const Node& node) {
    return number ? node.info.number == *number : node.info.label == where && !where.empty();
  });
  if (found != nodes.rend()) return *found;
  return absl::NotFoundError("session \"" + session.name + "\" has no revision or checkpoint \"" +
                             std::string(where.substr(0, kMaxLabel)) + "\"; `skerry session log " +
                             session.name + "` shows those it has");
}

Result<bool> SessionStore::is_whole(const Node& node) {
  // What was not synced may be torn after the machine went down; a process that died tears nothing.
  if (node.info.is_durable || node.boot == boot_id()) return true;
  SKERRY_ASSIGN(const auto sources,
                database_->run("SELECT file FROM sources WHERE revision = ?", {Cell::of(node.id)}));
  if (!files_.verify(node.file).ok()) return false;
  return std::all_of(sources.begin(), sources.end(),
                     [&](const Row& row) { return files_.verify(row.text(0)).ok(); });
}

Result<SessionStore::Head> SessionStore::head(const Lease& lease) {
  SKERRY_ASSIGN(const auto session, find(lease.name()));
  Head head;
  if (!session) return head;
  head.template_name = session->template_name;
  head.next_number = session->next_number;
  SKERRY_ASSIGN(const auto nodes, reachable(*session));
  Status first_failure;
  for (std::int64_t at = session->head; at != 0;) {
    const auto node =
        std::find_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.id == at; });
    if (node == nodes.end()) break;
    SKERRY_ASSIGN(const bool whole, is_whole(*node));
    auto revision =
        whole ? files_.load(node->file)
              : absl::DataLossError("revision " + std::to_string(node->info.number) +
                                    " was not on the disk yet when the machine went down");
    if (revision.ok()) {
      head.number = node->info.number;
      head.revision = *std::move(revision);
      break;
    }
    if (revision.status().code() == StatusCode::kUnimplemented) return revision.status();
    first_failure.Update(revision.status());
    at = node->parent;
  }
  if (!first_failure.ok()) {
    head.notice = "went back to revision " + std::to_string(head.number) + ": " +
                  std::string(message_of(first_failure));
    SKERRY_TRY(event(lease.name().text(), head.notice));
  }
  return head;
}

Status SessionStore::event(const std::string& name, std::string_view text) {
  SKERRY_TRY(database_
                 ->run("INSERT INTO events (tenant, name, at, text) VALUES (?, ?, ?, ?)",
                       {Cell::of(tenant_), Cell::of(name), Cell::of(now_unix_ns()), Cell::of(text)})
                 .status());
  return database_
      ->run(
          "DELETE FROM events WHERE tenant = ?1 AND name = ?2 AND rowid <= (SELECT rowid FROM "
          "events WHERE tenant = ?1 AND name = ?2 ORDER BY rowid DESC LIMIT 1 OFFSET ?3)",
          {Cell::of(tenant_), Cell::of(name), Cell::of(kMaxEvents)})
      .status();
}

Status SessionStore::note(const Lease& lease, std::string_view text) {
  return event(lease.name().text(), text);
}

Result<SessionStore::Session> SessionStore::make(const SessionName& name,
                                                 std::string_view template_name) {
  SKERRY_ASSIGN(const auto oldest,
                database_->run("SELECT id, name FROM sessions WHERE tenant = ? ORDER BY used DESC "
                               "LIMIT -1 OFFSET ?",
                               {Cell::of(tenant_), Cell::of(policy_.sessions - 1)}));
  std::vector<std::int64_t> dropped;
  for (const Row& row : oldest) {
    dropped.push_back(row.integer(0));
    SKERRY_TRY(event(row.text(1), "evicted: longest unused of more than " +
                                      std::to_string(policy_.sessions) + " sessions"));
  }
  SKERRY_TRY(drop_sessions(dropped));
  const std::int64_t now = now_unix_ns();
  SKERRY_TRY(database_
                 ->run("INSERT INTO sessions (tenant, name, template, next_number, runs, created, "
                       "used) VALUES (?, ?, ?, 1, 0, ?, ?)",
                       {Cell::of(tenant_), Cell::of(name.text()), Cell::of(template_name),
                        Cell::of(now), Cell::of(now)})
                 .status());
  return existing(name);
}

Result<RevisionInfo> SessionStore::commit(const Lease& lease, const image::Revision& parent,
                                          const image::Captured& captured,
                                          const RunRecord& record) {
  const bool durable = record.durability == Durability::kDurable;
  SKERRY_ASSIGN(const FileLock writing, FileLock::acquire_shared(directory_ / "locks" / "writing"));
  if (parent.id.empty()) {
    SKERRY_TRY(files_.keep_template(*parent.image, record.template_file));
  }
  std::vector<std::string> forgotten;
  SKERRY_ASSIGN(
      const auto written,
      files_.write(parent, captured, durable ? AtomicFile::Sync::kFull : AtomicFile::Sync::kNone));
  const auto name_it = [&]() -> Result<RevisionInfo> {
    SKERRY_TRY(database_->set_durable(durable));
    SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
    SKERRY_ASSIGN(auto session, find(lease.name()));
    std::int64_t parent_id = 0;
    std::optional<std::int64_t> parent_number = 0;
    if (!parent.id.empty()) {
      SKERRY_ASSIGN(
          const auto row,
          database_->run("SELECT id, number FROM revisions WHERE file = ?", {Cell::of(parent.id)}));
      if (row.empty() || !session) {
        return absl::AbortedError("the session was cleared while it ran");
      }
      parent_id = row[0].integer(0);
      parent_number = row[0].integer(1);
    }
    if (!session) {
      SKERRY_ASSIGN(session, make(lease.name(), parent.image->manifest.template_name));
    }
    RevisionInfo info{.number = session->next_number,
                      .parent = parent_number,
                      .created_unix_ns = now_unix_ns(),
                      .first_line = record.first_line,
                      .outcome = record.outcome,
                      .label = {},
                      .bytes = static_cast<std::int64_t>(written.bytes),
                      .pages = static_cast<std::int64_t>(written.pages),
                      .is_durable = durable,
                      .is_head = true};
    SKERRY_TRY(database_
                   ->run("INSERT INTO revisions (session, number, parent, file, created, "
                         "first_line, outcome, label, bytes, pages, durable, boot) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)",
                         {Cell::of(session->id), Cell::of(info.number), or_null(parent_id),
                          Cell::of(written.id), Cell::of(info.created_unix_ns),
                          Cell::of(info.first_line), Cell::of(info.outcome), Cell::of(info.bytes),
                          Cell::of(info.pages), Cell::of(durable ? 1 : 0), Cell::of(boot_id())})
                   .status());
    const std::int64_t id = database_->last_id();
    for (const std::string& source : written.sources) {
      SKERRY_TRY(database_
                     ->run("INSERT INTO sources (revision, file) VALUES (?, ?)",
                           {Cell::of(id), Cell::of(source)})
                     .status());
    }
    SKERRY_TRY(database_
                   ->run("UPDATE sessions SET head = ?, next_number = ?, runs = runs + 1, used = ? "
                         "WHERE id = ?",
                         {Cell::of(id), Cell::of(info.number + 1), Cell::of(info.created_unix_ns),
                          Cell::of(session->id)})
                   .status());
    session->head = id;
    SKERRY_ASSIGN(forgotten, prune(*session));
    SKERRY_TRY(transaction.commit());
    return info;
  };
  auto info = name_it();
  if (!info.ok()) {
    (void)files_.remove(written.id);
    return info;
  }
  // What stays behind here, garbage collection finds.
  (void)remove_unneeded(forgotten);
  return info;
}

Status SessionStore::remove_unneeded(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    SKERRY_ASSIGN(const auto users,
                  database_->run("SELECT 1 FROM revisions WHERE file = ?1 UNION ALL "
                                 "SELECT 1 FROM sources WHERE file = ?1 LIMIT 1",
                                 {Cell::of(file)}));
    if (users.empty()) SKERRY_TRY(files_.remove(file));
  }
  return ok_status();
}

Result<std::vector<std::string>> SessionStore::prune(const Session& session) {
  SKERRY_ASSIGN(
      const auto extra,
      database_->run(
          "SELECT id, parent, file FROM revisions WHERE session = ?1 AND id != ?2 AND "
          "label = '' AND id NOT IN (SELECT fork_point FROM sessions WHERE fork_point "
          "IS NOT NULL) ORDER BY id DESC LIMIT -1 OFFSET ?3",
          {Cell::of(session.id), Cell::of(session.head), Cell::of(policy_.revisions - 1)}));
  std::vector<std::string> files;
  for (const Row& row : extra) {
    SKERRY_ASSIGN(const auto sources, database_->run("SELECT file FROM sources WHERE revision = ?",
                                                     {Cell::of(row.integer(0))}));
    files.push_back(row.text(2));
    for (const Row& source : sources) files.push_back(source.text(0));
    SKERRY_TRY(database_
                   ->run("UPDATE revisions SET parent = ? WHERE parent = ?",
                         {or_null(row.integer(1)), Cell::of(row.integer(0))})
                   .status());
    SKERRY_TRY(
        database_->run("DELETE FROM revisions WHERE id = ?", {Cell::of(row.integer(0))}).status());
  }
  return files;
}

Status SessionStore::drop_unreachable() {
  return database_
      ->run(
          "WITH RECURSIVE kept (id) AS ("
          " SELECT r.id FROM revisions r JOIN sessions s ON r.session = s.id"
          " UNION SELECT fork_point FROM sessions WHERE fork_point IS NOT NULL"
          " UNION SELECT r.parent FROM revisions r JOIN kept ON r.id = kept.id"
          "  WHERE r.parent IS NOT NULL)"
          "DELETE FROM revisions WHERE id NOT IN (SELECT id FROM kept)")
      .status();
}

Status SessionStore::drop_sessions(const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return ok_status();
  for (const std::int64_t id : ids) {
    SKERRY_TRY(database_->run("DELETE FROM sessions WHERE id = ?", {Cell::of(id)}).status());
  }
  return drop_unreachable();
}

Status SessionStore::expire() {
  const std::int64_t oldest =
      now_unix_ns() - std::chrono::nanoseconds(policy_.time_to_live).count();
  SKERRY_ASSIGN(const auto rows,
                database_->run("SELECT id, name FROM sessions WHERE tenant = ? AND used < ?",
                               {Cell::of(tenant_), Cell::of(oldest)}));
  if (rows.empty()) return ok_status();
  SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
  std::vector<std::int64_t> dropped;
  for (const Row& row : rows) {
    if (!FileLock::try_acquire(lock_path(row.text(1))).ok()) continue;  // in use right now
    dropped.push_back(row.integer(0));
    SKERRY_TRY(event(row.text(1), "expired: unused for more than " +
                                      std::to_string(policy_.time_to_live.count()) + " s"));
  }
  SKERRY_TRY(drop_sessions(dropped));
  return transaction.commit();
}

Result<std::vector<SessionInfo>> SessionStore::list() {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(
      const auto rows,
      database_->run(
          "SELECT s.name, s.template, h.number, COUNT(r.id), s.runs, TOTAL(r.bytes), s.created, "
          "s.used FROM sessions s LEFT JOIN revisions h ON h.id = s.head LEFT JOIN revisions r ON "
          "r.session = s.id WHERE s.tenant = ? GROUP BY s.id ORDER BY s.used DESC",
          {Cell::of(tenant_)}));
  std::vector<SessionInfo> sessions;
  for (const Row& row : rows) {
    sessions.push_back({.name = row.text(0),
                        .template_name = row.text(1),
                        .head = row.integer(2),
                        .revisions = row.integer(3),
                        .runs = row.integer(4),
                        .bytes = static_cast<std::int64_t>(std::stod(row.text(5))),
                        .created_unix_ns = row.integer(6),
                        .used_unix_ns = row.integer(7)});
  }
  return sessions;
}

Result<SessionInfo> SessionStore::info(const SessionName& name) {
  SKERRY_ASSIGN(const auto sessions, list());
  const auto found =
      std::find_if(sessions.begin(), sessions.end(),
                   [&](const SessionInfo& session) { return session.name == name.text(); });
  if (found != sessions.end()) return *found;
  return existing(name).status();
}

Result<std::vector<RevisionInfo>> SessionStore::revisions(const SessionName& name) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const Session session, existing(name));
  SKERRY_ASSIGN(const auto nodes, reachable(session));
  std::vector<RevisionInfo> infos;
  for (const Node& node : nodes) infos.push_back(node.info);
  return infos;
}

Result<std::vector<Event>> SessionStore::events(const SessionName& name) {
  SKERRY_ASSIGN(
      const auto rows,
      database_->run("SELECT at, text FROM events WHERE tenant = ? AND name = ? ORDER BY rowid",
                     {Cell::of(tenant_), Cell::of(name.text())}));
  std::vector<Event> events;
  for (const Row& row : rows) events.push_back({row.integer(0), row.text(1)});
  return events;
}

Result<RevisionInfo> SessionStore::checkpoint(const SessionName& name, std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || number_in(label) ||
      label.find_first_of(std::string_view("\0\n\r\t", 4)) != label.npos) {
    return absl::InvalidArgumentError(
        "a checkpoint's label has 1 to 128 bytes in one line and is no number");
  }
  SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
  SKERRY_ASSIGN(const Session session, existing(name));
  if (session.head == 0) {
    return absl::FailedPreconditionError("session \"" + name.text() +
                                         "\" is at revision 0, the template; that needs no label");
  }
  SKERRY_ASSIGN(const auto nodes, reachable(session));
  for (const Node& node : nodes) {
    if (node.info.label != label) continue;
    SKERRY_TRY(database_->run("UPDATE revisions SET label = '' WHERE id = ?", {Cell::of(node.id)})
                   .status());
  }
  SKERRY_TRY(database_
                 ->run("UPDATE revisions SET label = ? WHERE id = ?",
                       {Cell::of(label), Cell::of(session.head)})
                 .status());
  SKERRY_TRY(transaction.commit());
  SKERRY_ASSIGN(const Node node, resolve(session, label));
  return node.info;
}

Result<RevisionInfo> SessionStore::rewind(const SessionName& name, std::string_view where) {
  SKERRY_ASSIGN(const Lease turn, lease(name));  // behind the run that is under way
  SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
  SKERRY_ASSIGN(const Session session, existing(name));
  SKERRY_ASSIGN(Node node, resolve(session, where));
  SKERRY_TRY(database_
                 ->run("UPDATE sessions SET head = ?, used = ? WHERE id = ?",
                       {or_null(node.id), Cell::of(now_unix_ns()), Cell::of(session.id)})
                 .status());
  SKERRY_TRY(event(name.text(), "rewound to revision " + std::to_string(node.info.number)));
  SKERRY_TRY(transaction.commit());
  node.info.is_head = true;
  return node.info;
}

Status SessionStore::fork(const SessionName& name, const SessionName& fork) {
  SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
  SKERRY_ASSIGN(const Session session, existing(name));
  SKERRY_ASSIGN(const auto other, find(fork));
  if (other) return absl::AlreadyExistsError("there is a session \"" + fork.text() + "\" already");
  SKERRY_ASSIGN(const Session made, make(fork, session.template_name));
  SKERRY_TRY(database_
                 ->run("UPDATE sessions SET head = ?1, fork_point = ?1, next_number = ?2 "
                       "WHERE id = ?3",
                       {or_null(session.head), Cell::of(session.next_number), Cell::of(made.id)})
                 .status());
  SKERRY_TRY(event(fork.text(), "forked from " + name.text()));
  return transaction.commit();
}

Result<image::Revision> SessionStore::open_revision(const SessionName& name,
                                                    std::string_view where) {
  SKERRY_ASSIGN(const Session session, existing(name));
  SKERRY_ASSIGN(const Node node, resolve(session, where));
  if (node.id == 0) {
    return absl::InvalidArgumentError("revision 0 is the template itself");
  }
  return files_.load(node.file);
}

Result<std::int64_t> SessionStore::clear(const std::optional<SessionName>& name) {
  SKERRY_ASSIGN(auto transaction, Transaction::begin(*database_));
  std::vector<std::int64_t> dropped;
  if (name) {
    SKERRY_ASSIGN(const Session session, existing(*name));
    dropped.push_back(session.id);
    SKERRY_TRY(event(name->text(), "cleared"));
  } else {
    SKERRY_ASSIGN(const auto rows, database_->run("SELECT id, name FROM sessions WHERE tenant = ?",
                                                  {Cell::of(tenant_)}));
    for (const Row& row : rows) {
      dropped.push_back(row.integer(0));
      SKERRY_TRY(event(row.text(1), "cleared"));
    }
  }
  SKERRY_TRY(drop_sessions(dropped));
  SKERRY_TRY(transaction.commit());
  SKERRY_TRY(collect_garbage().status());
  return static_cast<std::int64_t>(dropped.size());
}

Result<SessionStore::Check> SessionStore::check(const std::function<void(double)>& progress) {
  SKERRY_ASSIGN(const auto rows, database_->run("SELECT file FROM revisions UNION "
                                                "SELECT file FROM sources"));
  Check check;
  for (const Row& row : rows) {
    const Status status = files_.verify(row.text(0));
    if (!status.ok()) check.damaged.emplace_back(message_of(status));
    ++check.revisions;
    progress(static_cast<double>(check.revisions) / static_cast<double>(rows.size()));
  }
  SKERRY_ASSIGN(const auto whole, database_->run("PRAGMA integrity_check"));
  for (const Row& row : whole) {
    if (row.text(0) != "ok") check.damaged.push_back("sessions.db: " + row.text(0));
  }
  return check;
}

Result<SessionStore::Collected> SessionStore::collect_garbage() {
  SKERRY_ASSIGN(const FileLock writing, FileLock::acquire(directory_ / "locks" / "writing"));
  files_.remove_stale();
  SKERRY_ASSIGN(const auto rows, database_->run("SELECT file FROM revisions UNION "
                                                "SELECT file FROM sources"));
  std::set<std::string> needed;
  std::set<std::string> templates;
  for (const Row& row : rows) needed.insert(row.text(0));
  Collected collected;
  for (const std::string& id : files_.list()) {
    if (needed.contains(id)) continue;
    SKERRY_ASSIGN(const std::int64_t size, files_.size_of(id));
    SKERRY_TRY(files_.remove(id));
    ++collected.files;
    collected.bytes += size;
  }
  for (const std::string& id : needed) {
    const auto base = files_.template_of(id);
    // A damaged file may rest on any: then all stay.
    if (!base.ok()) return collected;
    templates.insert(*base);
  }
  for (const std::string& sha256 : files_.list_templates()) {
    if (templates.contains(sha256)) continue;
    SKERRY_TRY(files_.remove_template(sha256));
    ++collected.files;
  }
  return collected;
}

}  // namespace skerry::session
