// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/file.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace skerry {
namespace {

constexpr std::string_view kTemporaryPrefix = ".tmp-";

}  // namespace

Result<OwnedFd> open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  SKERRY_ASSIGN(const int fd, syscall_result("open", path.native(), [&] {
                  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
                }));
  return OwnedFd(fd);
}

Result<std::string> read_all(int fd, ByteSize cap) {
  std::string text;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && info.st_size > 0) {
    if (static_cast<std::uint64_t>(info.st_size) > cap.value) {
      return absl::ResourceExhaustedError("holds " + std::to_string(info.st_size) +
                                          " bytes, more than the limit of " +
                                          std::to_string(cap.value));
    }
    text.reserve(static_cast<std::size_t>(info.st_size) + 1);
  }
  char buffer[65536];
  for (;;) {
    SKERRY_ASSIGN(const ssize_t got,
                  syscall_result("read", {}, [&] { return ::read(fd, buffer, sizeof buffer); }));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > cap.value) {
      return absl::ResourceExhaustedError("holds more than the limit of " +
                                          std::to_string(cap.value) + " bytes");
    }
  }
}

Result<std::string> read_file(const std::filesystem::path& path, ByteSize cap) {
  SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_RDONLY));
  auto text = read_all(file.get(), cap);
  if (!text.ok()) return annotate(text.status(), path.native());
  return text;
}

Status write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    SKERRY_ASSIGN(const ssize_t put, syscall_result("write", {}, [&] {
                    return ::write(fd, bytes.data(), bytes.size());
                  }));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return ok_status();
}

Status copy_all(int from, int to, ByteSize cap) {
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  for (std::uint64_t copied = 0;;) {
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", {}, [&] {
                    return ::read(from, buffer.data(), buffer.size());
                  }));
    if (got == 0) return ok_status();
    copied += static_cast<std::uint64_t>(got);
    if (copied > cap.value) {
      return absl::ResourceExhaustedError("there is more than " + std::to_string(cap.value) +
                                          " bytes of it");
    }
    SKERRY_TRY(write_all(to, std::span(buffer).first(static_cast<std::size_t>(got))));
  }
}

Status write_pieces(int fd, std::span<const std::span<const std::byte>> pieces) {
  std::vector<iovec> left;
  left.reserve(pieces.size());
  for (const auto& piece : pieces) {
    if (!piece.empty()) left.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  }
  for (std::size_t at = 0; at < left.size();) {
    const auto count = static_cast<int>(std::min<std::size_t>(left.size() - at, IOV_MAX));
    SKERRY_ASSIGN(const ssize_t put,
                  syscall_result("writev", {}, [&] { return ::writev(fd, &left[at], count); }));
    auto done = static_cast<std::size_t>(put);
    while (at < left.size() && done >= left[at].iov_len) done -= left[at++].iov_len;
    if (done > 0) {
      left[at].iov_base = static_cast<char*>(left[at].iov_base) + done;
      left[at].iov_len -= done;
    }
  }
  return ok_status();
}

namespace {

/// A file in `directory` that has no name; not open where the file system has no such files.
OwnedFd without_name(const std::filesystem::path& directory) {
  const auto place = directory.empty() ? std::filesystem::path(".") : directory;
  return OwnedFd(::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

/// Makes a temporary file in `directory` and puts its path into `name`.
Result<OwnedFd> make_temporary(const std::filesystem::path& directory, std::string& name) {
  name = (directory / kTemporaryPrefix).native() + "XXXXXX";
  SKERRY_ASSIGN(const int fd, syscall_result("mkostemp", name,
                                             [&] { return ::mkostemp(name.data(), O_CLOEXEC); }));
  return OwnedFd(fd);
}

}  // namespace

Result<OwnedFd> unnamed_file(const std::filesystem::path& directory) {
  if (OwnedFd file = without_name(directory); file.is_open()) return file;
  std::string name;
  SKERRY_ASSIGN(OwnedFd file, make_temporary(directory, name));
  SKERRY_TRY(syscall_result("unlink", name, [&] { return ::unlink(name.c_str()); }).status());
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  AtomicFile file;
  file.path_ = path;
  // Without a name, nothing is left of it when this process is killed.
  file.file_ = without_name(path.parent_path());
  if (file.file_.is_open()) return file;
  std::string name;
  SKERRY_ASSIGN(file.file_, make_temporary(path.parent_path(), name));
  file.temporary_ = name;
  return file;
}

std::filesystem::path AtomicFile::temporary_path() const {
  if (!temporary_.empty()) return temporary_;
  return "/proc/self/fd/" + std::to_string(file_.get());
}

Status AtomicFile::link_as(const std::filesystem::path& name) const {
  const std::filesystem::path source = temporary_path();
  return syscall_result("linkat", name.native(),
                        [&] {
                          return ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(),
                                          AT_SYMLINK_FOLLOW);
                        })
      .status();
}

/// Gives a file without a name one: its own if nobody has that yet, else one to rename.
Status AtomicFile::link() {
  Status as_itself = link_as(path_);
  if (as_itself.code() != StatusCode::kAlreadyExists) return as_itself;
  for (;;) {
    std::uint64_t number = 0;
    SKERRY_TRY(syscall_result("getrandom", {}, [&] {
                 return ::getrandom(&number, sizeof number, 0);
               }).status());
    const auto name =
        path_.parent_path() / (std::string(kTemporaryPrefix) + std::to_string(number));
    const Status linked = link_as(name);
    if (linked.code() == StatusCode::kAlreadyExists) continue;
    if (linked.ok()) temporary_ = name;
    return linked;
  }
}

Status AtomicFile::commit(Sync sync) {
  if (sync == Sync::kFull) {
    SKERRY_TRY(
        syscall_result("fsync", path_.native(), [&] { return ::fsync(file_.get()); }).status());
  }
  if (temporary_.empty()) SKERRY_TRY(link());
  if (!temporary_.empty()) {
    SKERRY_TRY(syscall_result("rename", path_.native(), [&] {
                 return ::rename(temporary_.c_str(), path_.c_str());
               }).status());
    temporary_.clear();
  }
  return sync == Sync::kFull ? sync_directory_of(path_) : ok_status();
}

Status AtomicFile::commit_new() {
  SKERRY_TRY(
      syscall_result("fsync", path_.native(), [&] { return ::fsync(file_.get()); }).status());
  SKERRY_TRY(link_as(path_));
  return sync_directory_of(path_);
}

Status sync_directory_of(const std::filesystem::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  SKERRY_ASSIGN(const OwnedFd directory, open_file(parent, O_RDONLY | O_DIRECTORY));
  return syscall_result("fsync", parent.native(), [&] { return ::fsync(directory.get()); })
      .status();
}

Status write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  SKERRY_TRY(write_all(file.fd(), bytes));
  return file.commit();
}

void remove_stale_temporaries(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().filename().native().starts_with(kTemporaryPrefix)) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

Status make_private_directory(const std::filesystem::path& path) {
  if (!path.parent_path().empty() && path.parent_path() != path) {
    std::error_code error;
    if (!std::filesystem::exists(path.parent_path(), error)) {
      SKERRY_TRY(make_private_directory(path.parent_path()));
    }
  }
  const auto made =
      syscall_result("mkdir", path.native(), [&] { return ::mkdir(path.c_str(), 0700); });
  if (!made.ok() && made.status().code() != StatusCode::kAlreadyExists) {
    // A read-only file system says so even where the directory is there already.
    if (!std::filesystem::is_directory(path)) return made.status();
  }
  struct stat info{};
  SKERRY_TRY(
      syscall_result("stat", path.native(), [&] { return ::stat(path.c_str(), &info); }).status());
  if (!S_ISDIR(info.st_mode))
    return absl::InvalidArgumentError(path.native() + " is not a directory");
  if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(
        path.native() + " must belong to you and be writable by you alone (chmod 700)");
  }
  return ok_status();
}

Result<FileLock> FileLock::take(const std::filesystem::path& path, int how) {
  SKERRY_ASSIGN(OwnedFd file, open_file(path, O_RDWR | O_CREAT));
  SKERRY_TRY(
      syscall_result("flock", path.native(), [&] { return ::flock(file.get(), how); }).status());
  return FileLock(std::move(file));
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  return take(path, LOCK_EX);
}

Result<FileLock> FileLock::acquire_shared(const std::filesystem::path& path) {
  return take(path, LOCK_SH);
}

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  return take(path, LOCK_EX | LOCK_NB);
}

Result<FileLock> FileLock::take(const std::filesystem::path& path, std::uint64_t number, int how) {
  SKERRY_ASSIGN(OwnedFd file, open_file(path, O_RDWR | O_CREAT));
  struct flock byte{};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(number);
  byte.l_len = 1;
  SKERRY_TRY(syscall_result("fcntl", path.native(), [&] {
               return ::fcntl(file.get(), how, &byte);
             }).status());
  return FileLock(std::move(file));
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, std::uint64_t number) {
  return take(path, number, F_OFD_SETLKW);
}

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path, std::uint64_t number) {
  return take(path, number, F_OFD_SETLK);
}

}  // namespace skerry
