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

#include "skerry/base/os/file.h"
#include "skerry/base/status.h"
#include "skerry/image/exports/export_reader.h"
#include "skerry/image/revisions/revision.h"
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

/// Sessions of one tenant: the truth about them, whichever process asks. A session's revisions form
/// a line, or a tree after a rewind; its head is where the next run starts. Nothing is lost by
/// being killed at any instant. `DirectoryStore` is the one on disk.
///
/// Several processes may have a store open. Confined to one thread.
class SessionStore {
 public:
  /// Whether calls wait for a session that somebody runs in, or fail with kUnavailable.
  enum class Waiting { kForLeases, kNever };
  virtual ~SessionStore() = default;

  /// The right to run in one session: others wait for it, in order. Ends with its process.
  class Lease {
   public:
    struct Held {
      virtual ~Held() = default;
    };
    const SessionName& name() const { return name_; }

    /// `held` is what the store gives back when the lease ends.
    Lease(SessionName name, std::unique_ptr<Held> held)
        : name_(std::move(name)), held_(std::move(held)) {}

   private:
    SessionName name_;
    std::unique_ptr<Held> held_;
  };
  virtual Result<Lease> lease(const SessionName& name) = 0;
  /// kUnavailable when somebody else has it.
  virtual Result<Lease> try_lease(const SessionName& name) = 0;

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
  virtual Result<Head> head(const Lease& lease, const image::Revision* known = nullptr) = 0;

  struct Committed {
    RevisionInfo info;
    image::Revision revision;  ///< the new head, open
  };
  /// Makes what `captured` holds the session's new head, and the session if it is new. When this
  /// fails nothing has changed. kResourceExhausted when the policy's bytes do not suffice.
  virtual Result<Committed> commit(const Lease& lease, const image::Revision& parent,
                                   const image::Captured& captured, const RunRecord& record) = 0;

  /// What nobody should wait for, to be called when the answer is out: removes the files that
  /// commits made unneeded, and makes a place for the next revision.
  virtual void after_commit() = 0;

  /// Notes a run that committed nothing.
  virtual Status note(const Lease& lease, std::string_view text) = 0;

  virtual Result<std::vector<SessionInfo>> list() = 0;
  virtual Result<SessionInfo> info(const SessionName& name) = 0;
  /// Revisions that the session can go back to, oldest first.
  virtual Result<std::vector<RevisionInfo>> revisions(const SessionName& name) = 0;
  virtual Result<std::vector<Event>> events(const SessionName& name) = 0;

  struct Checkpoint {
    RevisionInfo info;
    std::string replaced;               ///< the label that it had before; empty: none
    std::optional<std::int64_t> taken;  ///< the revision that had this label before
  };
  /// Labels the head; it is kept until the label is taken away or the session cleared. A revision
  /// has one label, and a label one revision of a session.
  virtual Result<Checkpoint> checkpoint(const SessionName& name, std::string_view label) = 0;

  /// Makes an earlier or later revision the head: by number or label. Deletes nothing.
  virtual Result<RevisionInfo> rewind(const SessionName& name, std::string_view where) = 0;

  /// A second session on the first one's head. kAlreadyExists when there is one of that name.
  virtual Status fork(const SessionName& name, const SessionName& fork) = 0;

  struct OpenedRevision {
    std::int64_t number = 0;
    std::string template_name;  ///< of the session
    /// None for revision 0: the session stands at its template.
    std::optional<image::Revision> revision;
  };
  /// Opens one of a session's revisions, by number or label; by default, its head. `known` is as
  /// for `head`. kNotFound when there is no such session or revision.
  virtual Result<OpenedRevision> open_revision(const SessionName& name,
                                               std::optional<std::string_view> where,
                                               const image::Revision* known = nullptr) = 0;

  struct OpenedFiles {
    std::string template_name;  ///< of the session
    /// None where the session stands at its template.
    std::optional<image::StoredFiles> files;
  };
  /// Opens the files that hold the host state of a session's head, and reads nothing large: for who
  /// looks at a session's files in another process. kNotFound when there is no such session.
  virtual Result<OpenedFiles> open_files(const SessionName& name) = 0;

  /// A new session, whose first revision has the state of an export that the caller has checked
  /// against the runtime. kAlreadyExists when there is one of that name.
  virtual Result<RevisionInfo> import(const SessionName& name, const image::Export& imported) = 0;

  /// Forgets sessions: one, or all of the tenant. Returns how many there were.
  virtual Result<std::int64_t> clear(const std::optional<SessionName>& name) = 0;

  struct Check {
    std::int64_t revisions = 0;
    std::vector<std::string> damaged;  ///< what is wrong, a line each
  };
  /// Reads and hashes every revision's file or patch.
  virtual Result<Check> check(const std::function<void(double)>& progress) = 0;

  struct Collected {
    std::int64_t files = 0;
    std::int64_t bytes = 0;
  };
  /// Removes files that no revision needs. Waits until nobody is writing.
  virtual Result<Collected> collect_garbage() = 0;

  /// Compresses files that no session needs to go on, and of sessions unused for the policy's
  /// `cold`: the bytes are those of disk it frees. Keeps nobody waiting but those who need the file
  /// it is at. `progress` may say no: then it stops.
  virtual Result<Collected> compress_cold(const std::function<bool(double)>& progress) = 0;
  /// What keeps a store small while it is used: now and then, expired sessions go and some of what
  /// is cold is compressed. Returns at once when that was done a while ago, and within a tenth of a
  /// second or so otherwise.
  virtual Status keep_small() = 0;

  /// Reads and hashes all that a revision needs. kDataLoss when it is damaged.
  virtual Status verify(const image::Revision& revision) const = 0;
};

/// Where the sessions of all tenants lie. Thread-safe.
class SessionStores {
 public:
  virtual ~SessionStores() = default;
  /// A tenant's sessions, whose calls wait or do not.
  virtual Result<std::unique_ptr<SessionStore>> open(std::string_view tenant,
                                                     SessionStore::Waiting waiting) const = 0;
};

}  // namespace skerry::store
