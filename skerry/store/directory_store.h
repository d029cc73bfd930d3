// SPDX-License-Identifier: Apache-2.0
#pragma once

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
#include "skerry/image/revisions/revision_files.h"
#include "skerry/store/open_revisions.h"
#include "skerry/store/session_store.h"
#include "skerry/store/session_tables.h"

namespace skerry::store {

/// Sessions in a directory: files with revisions, which are written first, and a database, of which
/// one transaction then names them.
class DirectoryStore final : public SessionStore {
 public:
  static Result<std::unique_ptr<DirectoryStore>> open(const std::filesystem::path& directory,
                                                      std::string_view tenant, Policy policy,
                                                      Waiting waiting = Waiting::kForLeases);
  ~DirectoryStore() override;

  Result<Lease> lease(const SessionName& name) override;
  Result<Lease> try_lease(const SessionName& name) override;
  Result<Head> head(const Lease& lease, const image::Revision* known = nullptr) override;
  Result<Committed> commit(const Lease& lease, const image::Revision& parent,
                           const image::Captured& captured, const RunRecord& record) override;
  void after_commit() override;
  Status note(const Lease& lease, std::string_view text) override;
  Result<std::vector<SessionInfo>> list() override;
  Result<SessionInfo> info(const SessionName& name) override;
  Result<std::vector<RevisionInfo>> revisions(const SessionName& name) override;
  Result<std::vector<Event>> events(const SessionName& name) override;
  Result<Checkpoint> checkpoint(const SessionName& name, std::string_view label) override;
  Result<RevisionInfo> rewind(const SessionName& name, std::string_view where) override;
  Status fork(const SessionName& name, const SessionName& fork) override;
  Result<OpenedRevision> open_revision(const SessionName& name,
                                       std::optional<std::string_view> where,
                                       const image::Revision* known = nullptr) override;
  Result<OpenedFiles> open_files(const SessionName& name) override;
  Result<RevisionInfo> import(const SessionName& name, const image::Export& imported) override;
  Result<std::int64_t> clear(const std::optional<SessionName>& name) override;
  Result<Check> check(const std::function<void(double)>& progress) override;
  Result<Collected> collect_garbage() override;
  Result<Collected> compress_cold(const std::function<bool(double)>& progress) override;
  Status keep_small() override;
  Status verify(const image::Revision& revision) const override;

  const image::RevisionFiles& files() const { return files_; }

 private:
  DirectoryStore(std::filesystem::path directory, std::string tenant, Policy policy,
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
  Result<image::Revision> read(const RevisionRow& row);

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
  Status find_unneeded(Leftovers& leftovers);
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
  std::optional<image::RevisionFiles::PreparedFile> prepared_;
  std::vector<std::string> unneeded_;  // files that are still there
  OpenRevisions opened_;
};

/// All tenants' sessions in one directory, under one policy; memories are kept (`memory_tenant.h`).
class DirectoryStores final : public SessionStores {
 public:
  DirectoryStores(std::filesystem::path directory, Policy policy)
      : directory_(std::move(directory)), policy_(policy) {}
  Result<std::unique_ptr<SessionStore>> open(std::string_view tenant,
                                             SessionStore::Waiting waiting) const override;

 private:
  std::filesystem::path directory_;
  Policy policy_;
};

}  // namespace skerry::store
