// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/file.h"
#include "skerry/base/status.h"
#include "skerry/image/export_reader.h"
#include "skerry/image/revision_files.h"
#include "skerry/store/session_info.h"
#include "skerry/store/session_name.h"
#include "skerry/store/session_tables.h"

namespace skerry::store {

/// The time `ago` before now, in nanoseconds since 1970, as the store writes times.
std::int64_t unix_ns_before(std::chrono::seconds ago);

/// How much is kept, of one tenant. What exceeds it goes: the oldest revisions that nothing names,
/// the sessions longest unused. `log` tells what went.
struct Policy {
  std::chrono::seconds time_to_live{3600};  ///< since a session's last use; 1 s to 30 days
  std::int64_t sessions = 100;              ///< 1 to 100,000
  std::int64_t revisions = 100;    ///< of each session, and up to a tenth more; 1 to 10,000
  std::chrono::seconds cold{600};  ///< unused, until files are compressed; 1 s to 30 days
  ByteSize bytes = mib(10'240);    ///< of all revisions' files; at least 1
};

enum class Durability {
  kCommitted,  ///< survives the end of every process of ours
  kDurable,    ///< and a power loss
};

struct RunRecord {
  std::string first_line;
  std::string outcome;
  /// The file of the template, for a run that started from it: the store keeps a name of its own.
  std::filesystem::path template_file;
  Durability durability = Durability::kCommitted;
};

/// Sessions of one tenant, on disk: the truth about them, whichever process asks. A session's
/// revisions form a line, or a tree after a rewind; its head is where the next run starts. Nothing
/// is lost by being killed at any instant: files are written first, then one transaction names
/// them.
///
/// Several processes may have a store open. Confined to one thread.
class SessionStore {
 public:
  /// Whether calls wait for a session that somebody runs in, or fail with kUnavailable.
  enum class Waiting { kForLeases, kNever };
  static Result<std::unique_ptr<SessionStore>> open(const std::filesystem::path& directory,
                                                    std::string_view tenant, Policy policy,
                                                    Waiting waiting = Waiting::kForLeases);

  /// The right to run in one session: others wait for it, in order. Ends with its process.
  class Lease {
   public:
    const SessionName& name() const { return name_; }

   private:
    friend class SessionStore;
    Lease(SessionName name, FileLock lock) : name_(std::move(name)), lock_(std::move(lock)) {}
    SessionName name_;
    FileLock lock_;
  };
  Result<Lease> lease(const SessionName& name);
  /// kUnavailable when somebody else has it.
  Result<Lease> try_lease(const SessionName& name);

  struct Head {
    std::int64_t number = 0;
    std::int64_t next_number = 1;  ///< what the next commit will be
    /// The head's revision; none for a session that has yet to run for the first time.
    std::optional<image::Revision> revision;
    std::string template_name;  ///< empty for a session that does not exist yet
    /// Not empty when the newest revisions were damaged and the head went back.
    std::string notice;
  };
  /// Where the session stands. A head whose file did not survive a power loss is passed over. A
  /// revision that the caller has open already, if it is the head, is not opened again.
  Result<Head> head(const Lease& lease, const image::Revision* known = nullptr);

  struct Committed {
    RevisionInfo info;
    image::Revision revision;  ///< the new head, open
  };
  /// Makes what `captured` holds the session's new head, and the session if it is new. When this
  /// fails nothing has changed. kResourceExhausted when the policy's bytes do not suffice.
  Result<Committed> commit(const Lease& lease, const image::Revision& parent,
                           const image::Captured& captured, const RunRecord& record);

  /// What nobody should wait for, to be called when the answer is out: removes the files that
  /// commits made unneeded, and makes a place for the next revision.
  void after_commit();
  ~SessionStore();

  /// Notes a run that committed nothing.
  Status note(const Lease& lease, std::string_view text);

  Result<std::vector<SessionInfo>> list();
  Result<SessionInfo> info(const SessionName& name);
  /// Revisions that the session can go back to, oldest first.
  Result<std::vector<RevisionInfo>> revisions(const SessionName& name);
  Result<std::vector<Event>> events(const SessionName& name);

  struct Checkpoint {
    RevisionInfo info;
    std::string replaced;               ///< the label that it had before; empty: none
    std::optional<std::int64_t> taken;  ///< the revision that had this label before
  };
  /// Labels the head; it is kept until the label is taken away or the session cleared. A revision
  /// has one label, and a label one revision of a session.
  Result<Checkpoint> checkpoint(const SessionName& name, std::string_view label);

  /// Makes an earlier or later revision the head: by number or label. Deletes nothing.
  Result<RevisionInfo> rewind(const SessionName& name, std::string_view where);

  /// A second session on the first one's head. kAlreadyExists when there is one of that name.
  Status fork(const SessionName& name, const SessionName& fork);

  struct OpenedRevision {
    std::int64_t number = 0;
    std::string template_name;  ///< of the session
    /// None for revision 0: the session stands at its template.
    std::optional<image::Revision> revision;
  };
  /// Opens one of a session's revisions, by number or label; by default, its head. `known` is as
  /// for `head`. kNotFound when there is no such session or revision.
  Result<OpenedRevision> open_revision(const SessionName& name,
                                       std::optional<std::string_view> where,
                                       const image::Revision* known = nullptr);

  /// A new session, whose first revision has the state of an export that the caller has checked
  /// against the runtime. kAlreadyExists when there is one of that name.
  Result<RevisionInfo> import(const SessionName& name, const image::Export& imported);

  /// Forgets sessions: one, or all of the tenant. Returns how many there were.
  Result<std::int64_t> clear(const std::optional<SessionName>& name);

  struct Check {
    std::int64_t revisions = 0;
    std::vector<std::string> damaged;  ///< what is wrong, a line each
  };
  /// Reads and hashes every revision's file or patch.
  Result<Check> check(const std::function<void(double)>& progress);

  struct Collected {
    std::int64_t files = 0;
    std::int64_t bytes = 0;
  };
  /// Removes files that no revision needs. Waits until nobody is writing.
  Result<Collected> collect_garbage();

  /// Compresses files that no session needs to go on, and of sessions unused for the policy's
  /// `cold`: the bytes are those of disk it frees. Keeps nobody waiting but those who need the file
  /// it is at. `progress` may say no: then it stops.
  Result<Collected> compress_cold(const std::function<bool(double)>& progress);
  /// What keeps a store small while it is used: now and then, expired sessions go and some of what
  /// is cold is compressed. Returns at once when that was done a while ago, and within a tenth of a
  /// second or so otherwise.
  Status keep_small();

  const image::RevisionFiles& files() const { return files_; }

 private:
  SessionStore(std::filesystem::path directory, std::string tenant, Policy policy,
               image::RevisionFiles files, SessionTables tables, FileLock open)
      : directory_(std::move(directory)),
        tenant_(std::move(tenant)),
        policy_(policy),
        files_(std::move(files)),
        tables_(std::move(tables)),
        open_(std::move(open)) {}

  /// What a transaction leaves behind once it is committed.
  struct Leftovers {
    std::vector<std::string> files;     ///< that may be needed no more
    std::vector<std::string> unneeded;  ///< of these, what nobody needs: to be removed
    std::vector<FileLock> locks;  ///< of sessions that it removed: nobody began to run in them
  };
  std::uint64_t lock_number(std::string_view name) const;
  Result<SessionRow> existing(const SessionName& name);
  /// kAlreadyExists when there is a session of that name.
  Status check_free(const SessionName& name);
  Result<RevisionRow> resolve(const SessionRow& session, std::string_view where);
  Status event(std::string_view name, std::string_view text);

  /// The newest revision of a session that can be opened, from its head back.
  Status open_head(const SessionRow& session, const image::Revision* known, Head& head);
  Result<bool> is_whole(const RevisionRow& row);
  Result<image::Revision> load(const RevisionRow& row);

  /// Writes a revision and names it. The lock that writers share is the caller's.
  Result<Committed> save(const Lease& lease, const image::Revision& parent,
                         const image::Captured& captured, const RunRecord& record);
  /// What follows is done inside a transaction.
  Result<RevisionInfo> name_revision(const Lease& lease, const image::Revision& parent,
                                     const image::RevisionFiles::Written& written,
                                     const RunRecord& record, Leftovers& leftovers);
  /// After a session was added: the longest unused go.
  Status make_room(Leftovers& leftovers);
  Status prune(const SessionRow& session, Leftovers& leftovers);
  /// Forgets the oldest revisions of the sessions longest unused, then such sessions whole, until
  /// what is left is within the policy's bytes. kResourceExhausted when nothing more can go.
  Status make_space(Leftovers& leftovers);
  Result<bool> fits(Leftovers& leftovers);
  Result<bool> shorten(const SessionRow& session, Leftovers& leftovers);
  Status forget(const RevisionRow& row, Leftovers& leftovers);
  /// Removes up to `most` of `sessions`, but none that somebody runs in.
  Status drop_idle(const std::vector<SessionRow>& sessions, std::size_t most, std::string_view why,
                   Leftovers& leftovers);
  Status drop(const std::vector<SessionRow>& sessions, std::string_view why, Leftovers& leftovers);

  /// Finds out which files nobody needs any more.
  Status settle(Leftovers& leftovers);
  /// Ends a transaction, whose leftovers are then to be removed; and removes them.
  Status conclude(Transaction transaction, Leftovers& leftovers);
  Status finish(Transaction transaction, Leftovers& leftovers);
  void remove_unneeded();
  Status expire();
  std::int64_t oldest_use() const { return unix_ns_before(policy_.time_to_live); }
  std::string expired() const;
  std::string over_bytes() const;

  std::filesystem::path directory_;
  std::string tenant_;
  Policy policy_;
  Waiting waiting_ = Waiting::kForLeases;
  image::RevisionFiles files_;
  SessionTables tables_;
  FileLock open_;  // nobody puts another store in this one's place
  std::optional<image::RevisionFiles::Place> place_;
  std::vector<std::string> unneeded_;  // files that are still there
};

}  // namespace skerry::store
