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
#include "skerry/store/session_info.h"
#include "skerry/store/session_name.h"

namespace skerry::store {

/// A session's row. Revisions are named by their rows' ids; 0 is the template.
struct SessionRow {
  std::int64_t id = 0;
  std::string name;
  std::string template_name;
  std::int64_t head = 0;
  std::int64_t fork_point = 0;  ///< the head of the session it was forked from
  std::int64_t next_number = 1;
  std::int64_t used_unix_ns = 0;
};

/// A revision's row.
struct RevisionRow {
  std::int64_t id = 0;  ///< 0: the template
  std::int64_t parent = 0;
  std::string file;   ///< id of its revision file, or of its patch
  std::string boot;   ///< of the machine, when it was written
  RevisionInfo info;  ///< all but `is_head`
};

/// `sessions.db`: one tenant's sessions and events, and which files their revisions need. All SQL
/// is here; what is kept and when is `SessionStore`'s affair.
///
/// Calls fail as `Database` does. Those that change more than one row belong in a transaction, the
/// caller's. Several processes may have it open. Confined to one thread.
class SessionTables {
 public:
  /// Opens or makes it. kUnimplemented when a newer version of Skerry made it.
  static Result<SessionTables> open(const std::filesystem::path& path, std::string_view tenant);

  Result<Transaction> begin() { return Transaction::begin(*database_); }
  /// Whether transactions from now on survive a power loss.
  enum class Sync { kNone, kFull };
  Status set_sync(Sync sync);
  /// What SQLite's own check finds wrong, a line each.
  Result<std::vector<std::string>> damage();

  Result<std::optional<SessionRow>> session(const SessionName& name);
  /// All of the tenant, longest unused first; those last used before `unix_ns`.
  Result<std::vector<SessionRow>> sessions();
  Result<std::int64_t> session_count();
  Result<std::vector<SessionRow>> sessions_unused_since(std::int64_t unix_ns);
  /// All of the tenant, last used first.
  Result<std::vector<SessionInfo>> session_infos();
  Result<SessionRow> add_session(const SessionName& name, std::string_view template_name,
                                 std::int64_t now_unix_ns);
  /// Shifts the last uses of all tenants' sessions so that the newest is `now_unix_ns`.
  Status shift_uses(std::int64_t now_unix_ns);
  Status move_head(std::int64_t session, std::int64_t revision, std::int64_t now_unix_ns);
  /// Makes `session` a fork that starts where `origin` stands.
  Status fork_from(const SessionRow& origin, std::int64_t session);
  /// Removes sessions with the revisions that no other rests on. Returns the files those needed.
  Result<std::vector<std::string>> remove_sessions(const std::vector<std::int64_t>& ids);

  Result<std::optional<RevisionRow>> revision(std::int64_t id);
  Result<std::optional<RevisionRow>> revision_of_file(std::string_view file);
  /// A session's own revisions and those that it was forked from, oldest first.
  Result<std::vector<RevisionRow>> reachable(const SessionRow& session);
  /// Revisions beyond the `kept` newest of a session that nothing names: no head, label or fork.
  Result<std::vector<RevisionRow>> surplus(const SessionRow& session, std::int64_t kept);
  /// Adds `row`, which needs the files `sources` besides its own, and makes it the head. `patch` is
  /// the content of one that has no file, else null. Returns its id.
  Result<std::int64_t> add_head(const SessionRow& session, const RevisionRow& row,
                                const std::vector<std::string>& sources, const std::string* patch);
  Status set_label(std::int64_t revision, std::string_view label);
  /// Its children become its parent's. Returns the files it needed.
  Result<std::vector<std::string>> remove_revision(const RevisionRow& row);

  /// Other revisions' files that one needs.
  Result<std::vector<std::string>> sources_of(std::int64_t revision);
  /// The tenant's files that no session needs whose head somebody ran or rewound since `unix_ns`.
  Result<std::vector<std::string>> files_unused_since(std::int64_t unix_ns);
  /// The content of a revision's patch; none when it has a file. The ids of all patches, of any
  /// tenant.
  Result<std::optional<std::string>> patch(std::string_view file);
  /// The sessions and revisions that need a file or patch, of all tenants, in words; ten at most.
  Result<std::string> users_of(std::string_view file);
  Result<std::vector<std::string>> patches();
  /// All files on the disk that any revision, of any tenant, needs.
  Result<std::vector<std::string>> needed_files();
  /// Forgets a file or a patch that no revision needs any more, and whether it was such a one.
  Result<bool> remove_if_unneeded(std::string_view file);
  /// Bytes of all files that the tenant's revisions need.
  Result<std::int64_t> bytes();

  Status add_event(std::string_view session, std::string_view text, std::int64_t now_unix_ns);
  /// The last 200 of one name, oldest first; also when there is no such session any more.
  Result<std::vector<Event>> events(std::string_view session);

 private:
  SessionTables(std::unique_ptr<Database> database, std::string_view tenant)
      : database_(std::move(database)), tenant_(tenant) {}
  Status change(std::string_view sql, const std::vector<Cell>& values);
  Status trim_events(std::int64_t now_unix_ns);

  std::unique_ptr<Database> database_;
  std::string tenant_;
  Sync sync_ = Sync::kNone;
};

}  // namespace skerry::store
