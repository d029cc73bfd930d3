// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/store_backup.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/database.h"
#include "skerry/base/formats/tar_stream.h"
#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/image/revisions/revision_files.h"
#include "skerry/store/directory_store.h"
#include "skerry/store/session_tables.h"
#include "skerry/store/store_locks.h"

namespace skerry::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "skerry-backup";
constexpr std::string_view kVersion = "1\n";
constexpr std::string_view kDatabase = "sessions.db";

/// A directory of a fixed name that is removed with all that is in it; what a killed process left
/// of it goes first. Two at once exclude each other by a lock, the caller's.
class Scratch {
 public:
  static Result<Scratch> make(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    for (const char* part : {"revisions", "templates"}) {
      SKERRY_TRY(make_private_directory(path / part));
    }
    return Scratch(path);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Lays a snapshot of the database and second names of all files it needs into `to`. Nobody commits
/// meanwhile, and only what no committed revision needs is ever removed.
Result<std::vector<std::string>> take_snapshot(const fs::path& store, const fs::path& to) {
  SKERRY_ASSIGN(auto tables, SessionTables::open(store / kDatabase, {}));
  SKERRY_ASSIGN(const auto files, image::RevisionFiles::open(store));
  SKERRY_ASSIGN(const auto standstill, tables.begin());
  SKERRY_ASSIGN(const auto revisions, tables.needed_files());
  std::vector<std::string> names;
  for (const std::string& sha256 : files.list_templates()) {
    names.push_back(image::RevisionFiles::template_name_of(sha256));
  }
  for (const std::string& id : revisions) {
    // Once more: it may be put back between the first look and the second.
    names.push_back(image::RevisionFiles::name_of(id));
    names.push_back(image::RevisionFiles::compressed_name_of(id));
    names.push_back(image::RevisionFiles::name_of(id));
  }
  // What is missing is damage, which `store check` names; the rest is worth keeping.
  std::erase_if(names, [&](const std::string& name) {
    return ::link((store / name).c_str(), (to / name).c_str()) != 0 &&
           (errno == ENOENT || errno == EEXIST);
  });
  SKERRY_ASSIGN(const auto reader, Database::open(store / kDatabase));
  SKERRY_TRY(reader->run("VACUUM INTO ?", {Cell::of((to / kDatabase).native())}).status());
  names.insert(names.begin(), std::string(kDatabase));
  return names;
}

Status no_backup(std::string_view what) {
  return absl::DataLossError("not a whole store backup: " + std::string(what));
}

/// Reads the member that every backup begins with.
Status check_mark(TarReader& reader, const fs::path& scratch) {
  constexpr ByteSize kMaxSize = bytes(16);
  SKERRY_ASSIGN(const auto entry, reader.next());
  if (!entry || entry->name != kMark || entry->size > kMaxSize.value) {
    return no_backup("it is something else");
  }
  const fs::path mark = scratch / kMark;
  SKERRY_ASSIGN(const OwnedFd file, open_file(mark, O_RDWR | O_CREAT | O_EXCL));
  SKERRY_TRY(reader.copy_to(file.get()));
  SKERRY_ASSIGN(const std::string version, read_file(mark, kMaxSize));
  fs::remove(mark);
  if (version == kVersion) return ok_status();
  return absl::UnimplementedError("a store backup of another format, this program reads 1");
}

/// Unpacks all members into `to`. Returns how many there are.
Result<std::int64_t> unpack(TarReader& reader, const fs::path& to) {
  SKERRY_TRY(check_mark(reader, to));
  for (std::int64_t files = 0;; ++files) {
    SKERRY_ASSIGN(const auto entry, reader.next());
    if (!entry) return files;
    if (entry->name != kDatabase && !image::RevisionFiles::is_name(entry->name)) {
      return no_backup("it holds a file that no store has");
    }
    const auto file = open_file(to / entry->name, O_RDWR | O_CREAT | O_EXCL);
    if (file.status().code() == StatusCode::kAlreadyExists) {
      return no_backup("it holds " + entry->name + " twice");
    }
    if (!file.ok()) return file.status();
    SKERRY_TRY(reader.copy_to(file->get()));
  }
}

Status take_over_database(const fs::path& store) {
  if (!fs::exists(store / kDatabase)) return no_backup("it has no database");
  SKERRY_ASSIGN(auto tables, SessionTables::open(store / kDatabase, {}));
  SKERRY_ASSIGN(const auto damage, tables.damage());
  if (!damage.empty()) return no_backup("sessions.db: " + damage[0]);
  // They have been unused for as long as they had been then: else what is old would expire at once.
  return tables.shift_uses(unix_ns_before(std::chrono::seconds(0)));
}

/// Whether anything would be lost with the store; also when that cannot be told.
bool holds_sessions(const fs::path& store) {
  if (!fs::exists(store / kDatabase)) return false;
  auto tables = SessionTables::open(store / kDatabase, {});
  if (!tables.ok()) return true;
  const auto needed = tables->needed_files();
  return !needed.ok() || !needed->empty();
}

/// Puts `made` in the place of `store`, which then lies where `made` was.
Status exchange(const fs::path& made, const fs::path& store) {
  SKERRY_ASSIGN(const OwnedFd directory, open_file(made, O_RDONLY | O_DIRECTORY));
  // The rows say which revisions are durable: so they must be.
  SKERRY_TRY(
      syscall_result("syncfs", made.native(), [&] { return ::syncfs(directory.get()); }).status());
  const unsigned how = fs::exists(store) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  SKERRY_TRY(syscall_result("renameat2", store.native(), [&] {
               return ::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, store.c_str(), how);
             }).status());
  return sync_directory_of(store);
}

}  // namespace

Result<Backup> write_backup(const fs::path& store, int fd, const Progress& progress) {
  SKERRY_ASSIGN(const FileLock alone, FileLock::acquire(backup_lock(store)));
  SKERRY_ASSIGN(const Scratch scratch, Scratch::make(backup_scratch(store)));
  SKERRY_ASSIGN(const auto names, take_snapshot(store, scratch.path()));
  SKERRY_TRY(write_file(scratch.path() / kMark, as_bytes(kVersion)));
  ZstdWriter compressed([&](std::span<const std::byte> bytes) { return write_all(fd, bytes); });
  TarWriter archive([&](std::span<const std::byte> bytes) { return compressed.write(bytes); });
  const auto add = [&](std::string_view name) -> Status {
    SKERRY_ASSIGN(const OwnedFd file, open_file(scratch.path() / name, O_RDONLY));
    return archive.add(name, file.get());
  };
  SKERRY_TRY(add(kMark));
  double done = 0;
  for (const std::string& name : names) {
    SKERRY_TRY(add(name));
    progress(++done / static_cast<double>(names.size()));
  }
  SKERRY_TRY(archive.finish());
  SKERRY_TRY(compressed.finish());
  SKERRY_ASSIGN(const auto tenants_alike, DirectoryStore::open(store, {}, {}));
  SKERRY_ASSIGN(const auto check, tenants_alike->check([](double) {}));
  return Backup{.files = static_cast<std::int64_t>(names.size()), .damaged = check.damaged};
}

Result<std::int64_t> restore_backup(int fd, const fs::path& store, Replace replace,
                                    const Progress& progress) {
  SKERRY_TRY(make_private_directory(store.parent_path()));
  const auto alone = FileLock::try_acquire(open_lock(store));
  if (!alone.ok()) {
    return absl::UnavailableError("the store is in use: try again when nothing runs in a session");
  }
  if (replace == Replace::kEmptyOnly && holds_sessions(store)) {
    return absl::AlreadyExistsError(store.native() +
                                    " holds sessions: `--force` puts the backup in their place");
  }
  SKERRY_ASSIGN(const Scratch scratch, Scratch::make(store.native() + ".restoring"));
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", {}, [&] { return ::fstat(fd, &info); }).status());
  double done = 0;
  ZstdReader compressed([&](std::span<std::byte> to) -> Result<std::size_t> {
    SKERRY_ASSIGN(const ssize_t got,
                  syscall_result("read", {}, [&] { return ::read(fd, to.data(), to.size()); }));
    done += static_cast<double>(got);
    if (S_ISREG(info.st_mode)) progress(std::min(1.0, done / static_cast<double>(info.st_size)));
    return static_cast<std::size_t>(got);
  });
  TarReader archive([&](std::span<std::byte> to) { return compressed.read(to); });
  SKERRY_ASSIGN(const std::int64_t files, unpack(archive, scratch.path()));
  SKERRY_TRY(compressed.finish());
  SKERRY_TRY(take_over_database(scratch.path()));
  SKERRY_TRY(exchange(scratch.path(), store));
  return files;
}

}  // namespace skerry::store
