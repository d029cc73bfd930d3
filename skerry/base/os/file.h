// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <sys/types.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry {

/// Opens close-on-exec. `mode` is for files that O_CREAT makes.
Result<OwnedFd> open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);

/// The whole file, or kResourceExhausted when it holds more than `cap`.
Result<std::string> read_file(const std::filesystem::path& path, ByteSize cap);

/// Everything up to end of file, or kResourceExhausted when there is more than `cap`.
Result<std::string> read_all(int fd, ByteSize cap);

Status write_all(int fd, std::span<const std::byte> bytes);

/// All that is left in `from` to `to`; kResourceExhausted when it is more than `cap`.
Status copy_all(int from, int to, ByteSize cap);

/// The same for pieces that belong one behind the other, in as few calls as can be.
Status write_pieces(int fd, std::span<const std::span<const std::byte>> pieces);

/// A file that appears whole or not at all: written without a name, synced, then given the name
/// `path`, whoever had it before. Destroyed before `commit`, or its process killed, it leaves
/// nothing. Where the file system has no files without names (O_TMPFILE), and for the instant in
/// which one takes another's place, it is called `.tmp-…`: `remove_stale_temporaries` clears what a
/// killed process left of that.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  int fd() const { return file_.get(); }
  /// `kNone` leaves it to the kernel when the file reaches the disk: it survives this process, not
  /// a power loss.
  enum class Sync { kFull, kNone };
  Status commit(Sync sync = Sync::kFull);
  /// The same for a name that nobody may have: kAlreadyExists, and nothing is changed, where there
  /// is one, though it be a link that leads nowhere.
  Status commit_new();

 private:
  AtomicFile() = default;
  Status link();
  Status link_as(const std::filesystem::path& name) const;
  std::filesystem::path temporary_path() const;
  OwnedFd file_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty while the file has no name
};

/// An empty file without a name, on the file system of `directory`: gone when it is closed.
Result<OwnedFd> unnamed_file(const std::filesystem::path& directory);

/// Makes the name of `path` in its directory survive a power loss.
Status sync_directory_of(const std::filesystem::path& path);

/// AtomicFile in one call.
Status write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// Removes what killed writers left in `directory`. Only under a lock that writers hold, too.
void remove_stale_temporaries(const std::filesystem::path& directory);

/// Makes `path` and its parents, with access for the owner alone. kPermissionDenied when it exists
/// but belongs to somebody else or others may write in it: what lies there is mapped as code.
Status make_private_directory(const std::filesystem::path& path);

/// A lock on a file, kept until it is destroyed: exclusive, for work of which one process at a time
/// may do some, or shared. Ends with the process, however that ends.
class FileLock {
 public:
  /// Waits until it is free.
  static Result<FileLock> acquire(const std::filesystem::path& path);
  static Result<FileLock> acquire_shared(const std::filesystem::path& path);
  /// kUnavailable when somebody else has it.
  static Result<FileLock> try_acquire(const std::filesystem::path& path);

  /// The same for one of many locks that share a file, known by number: exclusive, and with nothing
  /// to do with the locks above. At most 2^63 - 2.
  static Result<FileLock> acquire(const std::filesystem::path& path, std::uint64_t number);
  static Result<FileLock> try_acquire(const std::filesystem::path& path, std::uint64_t number);

 private:
  static Result<FileLock> take(const std::filesystem::path& path, int how);
  static Result<FileLock> take(const std::filesystem::path& path, std::uint64_t number, int how);
  explicit FileLock(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

}  // namespace skerry
