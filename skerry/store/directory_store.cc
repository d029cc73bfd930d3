// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/directory_store.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "skerry/base/sha256.h"
#include "skerry/base/utf8.h"
#include "skerry/store/memory_tenant.h"
#include "skerry/store/store_locks.h"

namespace skerry::store {
namespace {

constexpr std::size_t kMaxLabel = 128;

std::int64_t now_unix_ns() { return unix_ns_before(std::chrono::seconds(0)); }

const std::string& boot_id() {
  static const std::string kId =
      read_file("/proc/sys/kernel/random/boot_id", kib(1)).value_or("unknown");
  return kId;
}

/// A lease, as long as it lasts.
struct HeldLock final : SessionStore::Lease::Held {
  explicit HeldLock(FileLock held) : lock(std::move(held)) {}
  FileLock lock;
};

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::int64_t unix_ns_before(std::chrono::seconds ago) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             (std::chrono::system_clock::now() - ago).time_since_epoch())
      .count();
}

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(const std::filesystem::path& directory,
                                                             std::string_view tenant, Policy policy,
                                                             Waiting waiting) {
  SKERRY_TRY(make_private_directory(directory.parent_path()));
  SKERRY_ASSIGN(auto open, FileLock::acquire_shared(open_lock(directory)));
  SKERRY_TRY(make_private_directory(directory / "locks"));
  SKERRY_ASSIGN(auto files, image::RevisionFiles::open(directory));
  SKERRY_ASSIGN(auto tables, SessionTables::open(directory / "sessions.db", tenant));
  auto store = std::unique_ptr<DirectoryStore>(
      new DirectoryStore(directory, std::string(tenant), policy, std::move(files),
                         std::move(tables), std::move(open)));
  store->waiting_ = waiting;
  return store;
}

std::uint64_t DirectoryStore::lock_number(std::string_view name) const {
  // Two that share a number would wait for each other: among a million, once in two million stores.
  const std::string hash = sha256_hex(as_bytes(tenant_ + "/" + std::string(name)));
  return std::stoull(hash.substr(0, 15), nullptr, 16);
}

Result<DirectoryStore::Lease> DirectoryStore::lease(const SessionName& name) {
  if (waiting_ == Waiting::kNever) return try_lease(name);
  SKERRY_ASSIGN(auto lock, FileLock::acquire(leases_lock(directory_), lock_number(name.text())));
  return Lease(name, std::make_unique<HeldLock>(std::move(lock)));
}

Result<DirectoryStore::Lease> DirectoryStore::try_lease(const SessionName& name) {
  SKERRY_ASSIGN(auto lock,
                FileLock::try_acquire(leases_lock(directory_), lock_number(name.text())));
  return Lease(name, std::make_unique<HeldLock>(std::move(lock)));
}

Result<SessionRow> DirectoryStore::existing(const SessionName& name) {
  SKERRY_ASSIGN(auto session, tables_.session(name));
  if (session) return *std::move(session);
  SKERRY_ASSIGN(const auto happened, events(name));
  return absl::NotFoundError("there is no session \"" + name.text() + "\"" +
                             (happened.empty() ? "" : " any more: " + happened.back().text) +
                             "; `skerry session list` names all");
}

Status DirectoryStore::check_free(const SessionName& name) {
  SKERRY_ASSIGN(const auto session, tables_.session(name));
  if (!session) return ok_status();
  return absl::AlreadyExistsError("there is a session \"" + name.text() + "\" already");
}

Result<RevisionRow> DirectoryStore::resolve(const SessionRow& session, std::string_view where) {
  const auto number = number_in(where);
  if (number == 0) return RevisionRow();
  SKERRY_ASSIGN(const auto rows, tables_.reachable(session));
  const auto found = std::find_if(rows.rbegin(), rows.rend(), [&](const RevisionRow& row) {
    return number ? row.info.number == *number : row.info.label == where && !where.empty();
  });
  if (found != rows.rend()) return *found;
  return absl::NotFoundError("session \"" + session.name + "\" has no revision or checkpoint \"" +
                             std::string(where.substr(0, kMaxLabel)) + "\"; `skerry session log " +
                             session.name + "` shows those it has");
}

Result<bool> DirectoryStore::is_whole(const RevisionRow& row) {
  // What was not synced may be torn after the machine went down; a process that died tears nothing.
  if (row.info.is_durable || row.boot == boot_id()) return true;
  SKERRY_ASSIGN(const auto patch, tables_.patch(row.file));
  if (!patch && !files_.verify(row.file).ok()) return false;
  SKERRY_ASSIGN(const auto sources, tables_.sources_of(row.id));
  return std::all_of(sources.begin(), sources.end(),
                     [&](const std::string& source) { return files_.verify(source).ok(); });
}

Result<image::Revision> DirectoryStore::load(const RevisionRow& row) {
  auto revision = opened_.find(row.file);
  if (!revision) {
    SKERRY_ASSIGN(revision, read(row));
    opened_.note(*revision);
  }
  revision->is_synced = row.info.is_durable;
  return *std::move(revision);
}

Result<image::Revision> DirectoryStore::read(const RevisionRow& row) {
  SKERRY_ASSIGN(const auto patch, tables_.patch(row.file));
  return patch ? files_.load_patched(row.file, *patch) : files_.load(row.file);
}

Result<DirectoryStore::Head> DirectoryStore::head(const Lease& lease,
                                                  const image::Revision* known) {
  SKERRY_ASSIGN(const auto session, tables_.session(lease.name()));
  Head head;
  if (!session) return head;
  if (session->used_unix_ns < oldest_use()) {
    SKERRY_ASSIGN(auto transaction, tables_.begin());
    Leftovers leftovers;
    SKERRY_TRY(drop({*session}, expired(), leftovers));
    SKERRY_TRY(finish(std::move(transaction), leftovers));
    return head;
  }
  head.template_name = session->template_name;
  head.next_number = session->next_number;
  SKERRY_TRY(open_head(*session, known, head));
  if (!head.notice.empty()) SKERRY_TRY(event(lease.name().text(), head.notice));
  return head;
}

Status DirectoryStore::open_head(const SessionRow& session, const image::Revision* known,
                                 Head& head) {
  Status first_failure;
  for (std::int64_t at = session.head; at != 0;) {
    SKERRY_ASSIGN(const auto row, tables_.revision(at));
    if (!row) break;
    if (known != nullptr && row->file == known->id) {
      head.number = row->info.number;
      head.revision = *known;
      break;
    }
    SKERRY_ASSIGN(const bool whole, is_whole(*row));
    auto revision = whole ? load(*row)
                          : absl::DataLossError("revision " + std::to_string(row->info.number) +
                                                " was not on the disk yet when the machine went "
                                                "down");
    if (revision.ok()) {
      head.number = row->info.number;
      head.revision = *std::move(revision);
      break;
    }
    if (revision.status().code() == StatusCode::kUnimplemented) return revision.status();
    first_failure.Update(revision.status());
    at = row->parent;
  }
  if (!first_failure.ok()) {
    head.notice = "went back to revision " + std::to_string(head.number) + ": " +
                  std::string(message_of(first_failure));
  }
  return ok_status();
}

Status DirectoryStore::event(std::string_view name, std::string_view text) {
  return tables_.add_event(name, text, now_unix_ns());
}

Status DirectoryStore::note(const Lease& lease, std::string_view text) {
  return event(lease.name().text(), text);
}

Result<DirectoryStore::Committed> DirectoryStore::commit(const Lease& lease,
                                                         const image::Revision& parent,
                                                         const image::Captured& captured,
                                                         const RunRecord& record) {
  SKERRY_ASSIGN(const FileLock writing, FileLock::acquire_shared(writing_lock(directory_)));
  if (parent.id.empty()) {
    SKERRY_TRY(files_.keep_template(*parent.file_image, record.template_file));
  }
  return save(lease, parent, captured, record);
}

Result<DirectoryStore::Committed> DirectoryStore::save(const Lease& lease,
                                                       const image::Revision& parent,
                                                       const image::Captured& captured,
                                                       const RunRecord& record) {
  const bool durable = record.durability == Durability::kDurable;
  const auto sync = durable ? AtomicFile::Sync::kFull : AtomicFile::Sync::kNone;
  SKERRY_ASSIGN(auto written, files_.patch(parent, captured, sync));
  if (!written) {
    SKERRY_ASSIGN(written,
                  files_.write(parent, captured, sync, std::exchange(prepared_, std::nullopt)));
  }
  Leftovers leftovers;
  const auto named = [&]() -> Result<Committed> {
    SKERRY_TRY(tables_.set_sync(durable ? SessionTables::Sync::kFull : SessionTables::Sync::kNone));
    SKERRY_ASSIGN(auto transaction, tables_.begin());
    SKERRY_ASSIGN(auto info, name_revision(lease, parent, *written, record, leftovers));
    SKERRY_TRY(conclude(std::move(transaction), leftovers));
    return Committed{.info = std::move(info), .revision = std::move(written->revision)};
  }();
  if (!named.ok() && !written->revision.patch) (void)files_.remove(written->id);
  return named;
}

Result<RevisionInfo> DirectoryStore::name_revision(const Lease& lease,
                                                   const image::Revision& parent,
                                                   const image::RevisionFiles::Written& written,
                                                   const RunRecord& record, Leftovers& leftovers) {
  SKERRY_ASSIGN(auto session, tables_.session(lease.name()));
  RevisionRow from;
  if (!parent.id.empty()) {
    SKERRY_ASSIGN(const auto row, tables_.revision_of_file(parent.id));
    if (!row || !session) return absl::AbortedError("the session was cleared while it ran");
    from = *row;
  }
  if (!session) {
    SKERRY_ASSIGN(
        session, tables_.add_session(lease.name(), parent.manifest().template_name, now_unix_ns()));
    SKERRY_TRY(make_room(leftovers));
  }
  RevisionRow row{.parent = from.id,
                  .file = written.id,
                  .boot = boot_id(),
                  .info = {.number = session->next_number,
                           .parent = from.info.number,
                           .created_unix_ns = now_unix_ns(),
                           .first_line = record.first_line,
                           .outcome = record.outcome,
                           .label = {},
                           .bytes = static_cast<std::int64_t>(written.bytes),
                           .pages = static_cast<std::int64_t>(written.pages),
                           .is_durable = record.durability == Durability::kDurable,
                           .is_head = true}};
  const auto& patch = written.revision.patch;
  SKERRY_ASSIGN(
      row.id, tables_.add_head(*session, row, written.sources, patch ? &patch->content : nullptr));
  session->head = row.id;
  SKERRY_TRY(prune(*session, leftovers));
  SKERRY_TRY(make_space(leftovers));
  return std::move(row.info);
}

Status DirectoryStore::make_room(Leftovers& leftovers) {
  SKERRY_ASSIGN(const std::int64_t count, tables_.session_count());
  if (count <= policy_.sessions) return ok_status();
  SKERRY_ASSIGN(const auto sessions, tables_.sessions());
  return drop_idle(
      sessions, static_cast<std::size_t>(count - policy_.sessions),
      "evicted: longest unused of more than " + std::to_string(policy_.sessions) + " sessions",
      leftovers);
}

Status DirectoryStore::prune(const SessionRow& session, Leftovers& leftovers) {
  // Numbers count the session's runs: before that many there is nothing to look for, and where many
  // are kept, every few runs one takes the surplus of all away.
  const std::int64_t at_once = 1 + policy_.revisions / 10;
  if (session.next_number < policy_.revisions || session.next_number % at_once != 0) {
    return ok_status();
  }
  SKERRY_ASSIGN(const auto surplus, tables_.surplus(session, policy_.revisions));
  for (const RevisionRow& row : surplus) SKERRY_TRY(forget(row, leftovers));
  return ok_status();
}

Status DirectoryStore::forget(const RevisionRow& row, Leftovers& leftovers) {
  SKERRY_ASSIGN(const auto files, tables_.remove_revision(row));
  leftovers.files.insert(leftovers.files.end(), files.begin(), files.end());
  return ok_status();
}

Result<bool> DirectoryStore::fits(Leftovers& leftovers) {
  SKERRY_TRY(find_unneeded(leftovers));
  SKERRY_ASSIGN(const std::int64_t held, tables_.bytes());
  return static_cast<std::uint64_t>(held) <= policy_.bytes.value;
}

Status DirectoryStore::make_space(Leftovers& leftovers) {
  SKERRY_ASSIGN(bool enough, fits(leftovers));
  if (enough) return ok_status();
  SKERRY_ASSIGN(const auto sessions, tables_.sessions());
  for (const SessionRow& session : sessions) {
    SKERRY_ASSIGN(enough, shorten(session, leftovers));
    if (enough) return ok_status();
  }
  for (const SessionRow& session : sessions) {
    SKERRY_TRY(drop_idle({session}, 1, "evicted: longest unused, " + over_bytes(), leftovers));
    SKERRY_ASSIGN(enough, fits(leftovers));
    if (enough) return ok_status();
  }
  return absl::ResourceExhaustedError("there is no room for it: " + over_bytes() +
                                      "; SKERRY_SESSION_BYTES raises that, `skerry session clear` "
                                      "makes room");
}

Result<bool> DirectoryStore::shorten(const SessionRow& session, Leftovers& leftovers) {
  SKERRY_ASSIGN(const auto surplus, tables_.surplus(session, 1));
  std::int64_t forgotten = 0;
  bool enough = false;
  for (auto row = surplus.rbegin(); row != surplus.rend() && !enough; ++row, ++forgotten) {
    SKERRY_TRY(forget(*row, leftovers));
    SKERRY_ASSIGN(enough, fits(leftovers));
  }
  if (forgotten > 0) {
    SKERRY_TRY(event(session.name, "evicted: its oldest " + std::to_string(forgotten) +
                                       (forgotten == 1 ? " revision, " : " revisions, ") +
                                       over_bytes()));
  }
  return enough;
}

std::string DirectoryStore::over_bytes() const {
  return "the sessions' files were more than " + std::to_string(policy_.bytes.value) + " bytes";
}

Status DirectoryStore::drop_idle(const std::vector<SessionRow>& sessions, std::size_t most,
                                 std::string_view why, Leftovers& leftovers) {
  std::vector<SessionRow> idle;
  for (const SessionRow& session : sessions) {
    if (idle.size() == most) break;
    auto lock = FileLock::try_acquire(leases_lock(directory_), lock_number(session.name));
    if (!lock.ok()) continue;  // somebody runs in it
    leftovers.locks.push_back(*std::move(lock));
    idle.push_back(session);
  }
  return drop(idle, why, leftovers);
}

Status DirectoryStore::drop(const std::vector<SessionRow>& sessions, std::string_view why,
                            Leftovers& leftovers) {
  std::vector<std::int64_t> ids;
  for (const SessionRow& session : sessions) {
    ids.push_back(session.id);
    SKERRY_TRY(event(session.name, why));
  }
  SKERRY_ASSIGN(const auto files, tables_.remove_sessions(ids));
  leftovers.files.insert(leftovers.files.end(), files.begin(), files.end());
  return ok_status();
}

Status DirectoryStore::find_unneeded(Leftovers& leftovers) {
  for (std::string& file : leftovers.files) {
    SKERRY_ASSIGN(const bool unneeded, tables_.remove_if_unneeded(file));
    if (unneeded) leftovers.unneeded.push_back(std::move(file));
  }
  leftovers.files.clear();
  return ok_status();
}

void DirectoryStore::remove_unneeded() {
  // What stays behind here, garbage collection finds.
  for (const std::string& file : unneeded_) (void)files_.remove(file);
  unneeded_.clear();
}

void DirectoryStore::after_commit() {
  remove_unneeded();
  if (prepared_) return;
  // Without one the next commit makes its own, or says why not.
  if (auto place = files_.prepare_file(); place.ok()) prepared_.emplace(*std::move(place));
}

// Files that cannot be removed stay: nothing is thrown.
Status DirectoryStore::verify(const image::Revision& revision) const {
  return files_.verify(revision);
}

DirectoryStore::~DirectoryStore() { remove_unneeded(); }  // NOLINT(bugprone-exception-escape)

Status DirectoryStore::conclude(Transaction transaction, Leftovers& leftovers) {
  SKERRY_TRY(find_unneeded(leftovers));
  SKERRY_TRY(transaction.commit());
  std::move(leftovers.unneeded.begin(), leftovers.unneeded.end(), std::back_inserter(unneeded_));
  return ok_status();
}

Status DirectoryStore::finish(Transaction transaction, Leftovers& leftovers) {
  SKERRY_TRY(conclude(std::move(transaction), leftovers));
  remove_unneeded();
  return ok_status();
}

std::string DirectoryStore::expired() const {
  return "expired: unused for more than " + std::to_string(policy_.time_to_live.count()) + " s";
}

Status DirectoryStore::expire() {
  SKERRY_ASSIGN(const auto unused, tables_.sessions_unused_since(oldest_use()));
  if (unused.empty()) return ok_status();
  SKERRY_ASSIGN(auto transaction, tables_.begin());
  Leftovers leftovers;
  SKERRY_TRY(drop_idle(unused, unused.size(), expired(), leftovers));
  return finish(std::move(transaction), leftovers);
}

Result<std::vector<SessionInfo>> DirectoryStore::list() {
  SKERRY_TRY(expire());
  return tables_.session_infos();
}

Result<SessionInfo> DirectoryStore::info(const SessionName& name) {
  SKERRY_ASSIGN(const auto sessions, list());
  const auto found =
      std::find_if(sessions.begin(), sessions.end(),
                   [&](const SessionInfo& session) { return session.name == name.text(); });
  if (found != sessions.end()) return *found;
  return existing(name).status();
}

Result<std::vector<RevisionInfo>> DirectoryStore::revisions(const SessionName& name) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  SKERRY_ASSIGN(auto rows, tables_.reachable(session));
  std::vector<RevisionInfo> infos;
  for (RevisionRow& row : rows) {
    row.info.is_head = row.id == session.head;
    infos.push_back(std::move(row.info));
  }
  return infos;
}

Result<std::vector<Event>> DirectoryStore::events(const SessionName& name) {
  return tables_.events(name.text());
}

Result<DirectoryStore::Checkpoint> DirectoryStore::checkpoint(const SessionName& name,
                                                              std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || number_in(label) || !is_utf8(label) ||
      std::any_of(label.begin(), label.end(),
                  [](char c) { return c >= 0 && (c < ' ' || c == 0x7F); })) {
    return absl::InvalidArgumentError(
        "a checkpoint's label has 1 to 128 bytes of UTF-8 in one line and is no number");
  }
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(auto transaction, tables_.begin());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  if (session.head == 0) {
    return absl::FailedPreconditionError("session \"" + name.text() +
                                         "\" is at revision 0, the template; that needs no label");
  }
  SKERRY_ASSIGN(const auto rows, tables_.reachable(session));
  Checkpoint made;
  for (const RevisionRow& row : rows) {
    if (row.id == session.head) {
      made.info = row.info;
      if (row.info.label != label) made.replaced = row.info.label;
    } else if (row.info.label == label) {
      SKERRY_TRY(tables_.set_label(row.id, ""));
      made.taken = row.info.number;
    }
  }
  SKERRY_TRY(tables_.set_label(session.head, label));
  SKERRY_TRY(transaction.commit());
  made.info.label = label;
  made.info.is_head = true;
  return made;
}

Result<RevisionInfo> DirectoryStore::rewind(const SessionName& name, std::string_view where) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const Lease turn, lease(name));  // behind the run that is under way
  SKERRY_ASSIGN(auto transaction, tables_.begin());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  SKERRY_ASSIGN(RevisionRow row, resolve(session, where));
  SKERRY_TRY(tables_.move_head(session.id, row.id, now_unix_ns()));
  SKERRY_TRY(event(name.text(), "rewound to revision " + std::to_string(row.info.number)));
  SKERRY_TRY(transaction.commit());
  row.info.is_head = true;
  return std::move(row.info);
}

Status DirectoryStore::fork(const SessionName& name, const SessionName& fork) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const Lease turn, lease(fork));  // nobody else makes it meanwhile
  SKERRY_ASSIGN(auto transaction, tables_.begin());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  SKERRY_TRY(check_free(fork));
  SKERRY_ASSIGN(const SessionRow made,
                tables_.add_session(fork, session.template_name, now_unix_ns()));
  SKERRY_TRY(tables_.fork_from(session, made.id));
  Leftovers leftovers;
  SKERRY_TRY(make_room(leftovers));
  SKERRY_TRY(event(fork.text(), "forked from " + name.text()));
  return finish(std::move(transaction), leftovers);
}

Result<DirectoryStore::OpenedRevision> DirectoryStore::open_revision(
    const SessionName& name, std::optional<std::string_view> where, const image::Revision* known) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  std::optional<RevisionRow> row;
  if (where) {
    SKERRY_ASSIGN(row, resolve(session, *where));
  } else {
    SKERRY_ASSIGN(row, tables_.revision(session.head));
  }
  OpenedRevision opened{.template_name = session.template_name, .revision = {}};
  if (!row || row->id == 0) return opened;
  opened.number = row->info.number;
  if (known != nullptr && known->id == row->file) {
    opened.revision = *known;
  } else {
    SKERRY_ASSIGN(opened.revision, load(*row));
  }
  return opened;
}

Result<DirectoryStore::OpenedFiles> DirectoryStore::open_files(const SessionName& name) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const SessionRow session, existing(name));
  OpenedFiles opened{.template_name = session.template_name, .files = {}};
  SKERRY_ASSIGN(const auto row, tables_.revision(session.head));
  if (!row || row->id == 0) return opened;
  SKERRY_ASSIGN(const auto patch, tables_.patch(row->file));
  SKERRY_ASSIGN(opened.files, patch ? files_.open_stored_patched(row->file, *patch)
                                    : files_.open_stored(row->file));
  return opened;
}

Result<RevisionInfo> DirectoryStore::import(const SessionName& name,
                                            const image::Export& imported) {
  SKERRY_TRY(expire());
  SKERRY_ASSIGN(const Lease turn, lease(name));
  SKERRY_ASSIGN(const FileLock writing, FileLock::acquire_shared(writing_lock(directory_)));
  SKERRY_TRY(check_free(name));
  SKERRY_ASSIGN(const image::Revision base,
                files_.bare_base(imported.module_sha256, imported.template_name, imported.facts));
  const std::string from = "imported: " + imported.origin.session + ", revision " +
                           std::to_string(imported.origin.revision);
  SKERRY_ASSIGN(auto saved, save(turn, base, imported.captured,
                                 {.first_line = from,
                                  .outcome = "imported",
                                  .template_file = {},
                                  .durability = Durability::kDurable}));
  return std::move(saved.info);
}

Result<std::int64_t> DirectoryStore::clear(const std::optional<SessionName>& name) {
  SKERRY_ASSIGN(auto transaction, tables_.begin());
  std::vector<SessionRow> sessions;
  if (name) {
    SKERRY_ASSIGN(SessionRow session, existing(*name));
    sessions.push_back(std::move(session));
  } else {
    SKERRY_ASSIGN(sessions, tables_.sessions());
  }
  Leftovers leftovers;
  SKERRY_TRY(drop(sessions, "cleared", leftovers));
  SKERRY_TRY(finish(std::move(transaction), leftovers));
  SKERRY_TRY(collect_garbage().status());
  return static_cast<std::int64_t>(sessions.size());
}

Result<std::unique_ptr<SessionStore>> DirectoryStores::open(std::string_view tenant,
                                                            SessionStore::Waiting waiting) const {
  return DirectoryStore::open(directory_, tenant, policy_of(tenant, policy_), waiting);
}

}  // namespace skerry::store
