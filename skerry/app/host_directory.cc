// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/host_directory.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <limits.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/wasi/files/host_files.h"

namespace skerry::app {
namespace {

namespace fs = std::filesystem;

bool is_beneath(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

wasi::Nanoseconds modified(const struct stat& info) {
  if (info.st_mtim.tv_sec < 0) return wasi::Nanoseconds(0);
  return std::chrono::seconds(info.st_mtim.tv_sec) + wasi::Nanoseconds(info.st_mtim.tv_nsec);
}

std::string shown(const std::string& relative) { return "\"" + relative + "\""; }

/// Opens `relative` as the kernel resolves it beneath `directory`, through no symbolic link. A pipe
/// in the way fails at once.
Result<OwnedFd> open_beneath(int directory, const std::string& relative, int flags) {
  open_how how{};
  // RESOLVE_NO_SYMLINKS refuses a link at the end, too, and says so (ELOOP), unless it is the link
  // itself that is asked for (O_PATH and O_NOFOLLOW).
  how.flags =
      static_cast<std::uint64_t>(flags | O_CLOEXEC | ((flags & O_PATH) != 0 ? 0 : O_NONBLOCK));
  how.mode = (flags & O_CREAT) != 0 ? 0644 : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  SKERRY_ASSIGN(const int fd, syscall_result("openat2", shown(relative), [&] {
                  return static_cast<int>(
                      ::syscall(SYS_openat2, directory, relative.c_str(), &how, sizeof how));
                }));
  return OwnedFd(fd);
}

/// The names in a directory, but for itself and its parent.
Result<std::vector<std::string>> names_in(OwnedFd directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(directory.get()), ::closedir);
  if (!listing) return errno_status(errno, "fdopendir");
  (void)directory.release();  // the listing's
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return errno_status(errno, "readdir");
  std::sort(names.begin(), names.end());
  return names;
}

/// That a path which is there in the guest is not among what the runtime brought.
Status check_replaceable(const std::string& guest, const wasi::FileSystem& files) {
  const std::string outermost = guest.substr(0, guest.find('/', 1));
  const auto inode = wasi::locate(files, outermost);
  if (outermost == "/tmp" || !inode.ok() || !files.get(*inode).is_unlisted) return ok_status();
  return absl::InvalidArgumentError("--dir: " + guest +
                                    " belongs to the runtime; take another path");
}

/// One walk over a directory of the host's. Everything is opened beneath the one descriptor: what
/// another process swaps for a link meanwhile is not followed.
class Import {
 public:
  Import(const ImportedDirectory& directory, int root, wasi::FileSystem& files,
         const std::function<void(const std::string&)>& seen)
      : directory_(directory),
        host_(directory.is_file ? directory.host.parent_path() : directory.host),
        root_(root),
        files_(files),
        seen_(seen) {}

  /// `relative` is "." for the directory itself.
  Status walk(const std::string& relative) {
    auto listed = open_beneath(root_, relative, O_RDONLY | O_DIRECTORY);
    if (!listed.ok()) return changed(listed.status(), relative);
    const auto names = names_in(*std::move(listed));
    if (!names.ok()) return annotate(names.status(), host_path(relative));
    for (const std::string& name : *names) {
      SKERRY_TRY(add(relative == "." ? name : relative + "/" + name));
    }
    return ok_status();
  }

  Status add(const std::string& relative) {
    const auto found = open_beneath(root_, relative, O_PATH | O_NOFOLLOW);
    if (!found.ok()) return changed(found.status(), relative);
    struct stat info{};
    SKERRY_TRY(syscall_result("fstat", host_path(relative), [&] {
                 return ::fstat(found->get(), &info);
               }).status());
    if (seen_) seen_(relative);
    // What could be read here can be there, though its owner may not.
    const auto permissions = static_cast<wasi::Mode>(
        (info.st_mode & 0777) | wasi::kMayRead | (S_ISDIR(info.st_mode) ? wasi::kMaySearch : 0));
    const wasi::AddOptions options{
        .modified = modified(info),
        .access = directory_.is_writable ? wasi::Access::kReadWrite : wasi::Access::kReadOnly,
        .permissions = permissions};
    const std::string guest = guest_path(relative);
    if (S_ISDIR(info.st_mode)) {
      SKERRY_TRY(annotate(wasi::make_directory(files_, guest, options), "--dir: " + guest));
      return walk(relative);
    }
    // What an earlier run of the session was given, or made. A directory stays: then this fails.
    const auto there = wasi::stat(files_, guest);
    if (there.ok() && there->type != wasi::FileType::kDirectory) {
      SKERRY_TRY(check_replaceable(guest, files_));
      SKERRY_TRY(wasi::remove(files_, guest));
    }
    if (S_ISLNK(info.st_mode)) return add_link(found->get(), relative, options);
    if (S_ISREG(info.st_mode)) return add_file(relative, options);
    return absl::InvalidArgumentError(
        "--dir: " + host_path(relative) +
        " is a device, socket or pipe; only files, directories and links are imported");
  }

 private:
  std::string host_path(const std::string& relative) const { return (host_ / relative).native(); }
  std::string guest_path(const std::string& relative) const {
    return directory_.is_file ? directory_.guest : directory_.guest + "/" + relative;
  }

  Status add_file(const std::string& relative, const wasi::AddOptions& options) {
    const auto file = open_beneath(root_, relative, O_RDONLY);
    if (!file.ok()) return changed(file.status(), relative);
    struct stat info{};
    SKERRY_TRY(syscall_result("fstat", host_path(relative), [&] {
                 return ::fstat(file->get(), &info);
               }).status());
    if (!S_ISREG(info.st_mode)) return changed({}, relative);
    auto content = read_all(file->get(), files_.quotas().file_bytes);
    if (!content.ok()) return too_large(annotate(content.status(), host_path(relative)));
    return too_large(wasi::add_file(files_, guest_path(relative), as_bytes(*content), options));
  }

  /// Of a link the guest gets a path and no content, so it is harmless that the host's path is
  /// resolved here: where it leads is compared with the directory as it is.
  Status add_link(int link, const std::string& relative, const wasi::AddOptions& options) {
    const fs::path host = host_path(relative);
    std::error_code error;
    const fs::path target = fs::canonical(host, error);
    if (error) return add_loose_link(link, relative, options);
    if (!is_beneath(target, directory_.host)) {
      return absl::InvalidArgumentError("--dir: the symbolic link " + host.native() + " leaves " +
                                        directory_.host.native() +
                                        "; remove it or import its target too");
    }
    return wasi::add_symlink(files_, guest_path(relative),
                             target.lexically_relative(host.parent_path()).native(), options);
  }

  /// One that leads nowhere, or in a circle, leads nowhere in the guest, too.
  Status add_loose_link(int link, const std::string& relative, const wasi::AddOptions& options) {
    std::string target(PATH_MAX, '\0');
    SKERRY_ASSIGN(const auto length, syscall_result("readlinkat", host_path(relative), [&] {
                    return ::readlinkat(link, "", target.data(), target.size());
                  }));
    target.resize(static_cast<std::size_t>(length));
    return annotate(wasi::add_symlink(files_, guest_path(relative), target, options),
                    "--dir: the symbolic link " + host_path(relative));
  }

  /// Why `relative` could not be opened: `status`, or OK when what was opened is of another kind.
  Status changed(const Status& status, const std::string& relative) const {
    const bool is_gone = status.code() == StatusCode::kNotFound;
    const bool is_other = status.ok() || status.code() == StatusCode::kInvalidArgument;
    if (!is_gone && !is_other && !goes_through_a_link(relative)) {
      return annotate(status, host_path(relative));
    }
    return absl::InvalidArgumentError("--dir: " + host_path(relative) +
                                      " changed while it was read");
  }

  bool goes_through_a_link(const std::string& relative) const {
    fs::path beginning;
    for (const fs::path& name : fs::path(relative)) {
      beginning /= name;
      struct stat info{};
      if (::fstatat(root_, beginning.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
      if (S_ISLNK(info.st_mode)) return true;
    }
    return false;
  }

  Status too_large(const Status& status) const {
    if (status.code() != StatusCode::kResourceExhausted) return status;
    // How many there are and how deep they lie has limits that no option raises.
    using Kind = wasi::QuotaKind;
    const Kind hit = files_.last_quota_hit();
    const bool is_size =
        hit == Kind::kFileBytes || hit == Kind::kFileSize || hit == Kind::kTotalSize;
    if (message_of(status).find("quota reached") != std::string_view::npos && !is_size)
      return annotate(status, "--dir");
    return annotate(status, "--dir: more than the limit for files (raise it with --max-files MB)");
  }

  const ImportedDirectory& directory_;
  fs::path host_;  // what is walked, or holds the file
  int root_;
  wasi::FileSystem& files_;
  const std::function<void(const std::string&)>& seen_;
};

}  // namespace

Result<ImportedDirectory> ImportedDirectory::parse(const std::string& text) {
  const auto at = text.rfind("::");
  ImportedDirectory directory;
  if (at == std::string::npos || at == 0) {
    return absl::InvalidArgumentError("--dir is \"" + text +
                                      "\", expected HOST::GUEST or HOST::GUEST:rw");
  }
  directory.guest = text.substr(at + 2);
  if (directory.guest.ends_with(":rw")) {
    directory.is_writable = true;
    directory.guest.resize(directory.guest.size() - 3);
  }
  while (directory.guest.size() > 1 && directory.guest.ends_with('/')) directory.guest.pop_back();
  if (directory.guest.find(':') != std::string::npos) {
    return absl::InvalidArgumentError("--dir is \"" + text +
                                      "\": after the guest's path only :rw may stand");
  }
  if (!directory.guest.starts_with('/')) {
    return absl::InvalidArgumentError("--dir is \"" + text +
                                      "\": the guest's side must be an absolute path");
  }
  const fs::path guest = directory.guest;
  if (guest.lexically_normal().native() != guest.native()) {
    return absl::InvalidArgumentError(
        "--dir is \"" + text + "\": the guest's path must be without \".\", \"..\" and \"//\"");
  }
  if (directory.guest == "/") directory.guest.clear();
  std::error_code error;
  directory.host = fs::canonical(text.substr(0, at), error);
  if (error) return annotate(errno_status(error.value(), "--dir"), text.substr(0, at));
  directory.is_file = fs::is_regular_file(directory.host);
  if (!directory.is_file && !fs::is_directory(directory.host)) {
    return absl::NotFoundError("--dir: " + text.substr(0, at) + " is no directory or file");
  }
  if (directory.is_file && directory.guest.empty()) {
    return absl::InvalidArgumentError("--dir is \"" + text +
                                      "\": a file needs a path of its own in the guest, as in /" +
                                      directory.host.filename().native());
  }
  return directory;
}

namespace {

/// Opens a directory by an absolute path that goes through no symbolic link.
Result<OwnedFd> open_canonical(const fs::path& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  SKERRY_ASSIGN(
      const int fd, syscall_result("openat2", path.native(), [&] {
        return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
      }));
  return OwnedFd(fd);
}

/// The runtime's link to the root gives way to a directory that is to be there.
Status make_way(const std::string& guest, wasi::FileSystem& files) {
  constexpr std::string_view kLink = "/workspace";
  const auto there = wasi::stat(files, kLink);
  if (!there.ok() || there->type != wasi::FileType::kSymbolicLink) return ok_status();
  return (guest + "/").starts_with(std::string(kLink) + "/") ? wasi::remove(files, kLink)
                                                             : ok_status();
}

/// What is in the directory, into one that is there; or the file.
Status import_to(const ImportedDirectory& directory, wasi::FileSystem& files,
                 const std::function<void(const std::string&)>& seen) {
  // The path was canonical when it was parsed: a link in it now is not what the caller named.
  SKERRY_ASSIGN(const OwnedFd root,
                open_canonical(directory.is_file ? directory.host.parent_path() : directory.host));
  Import import(directory, root.get(), files, seen);
  return directory.is_file ? import.add(directory.host.filename().native()) : import.walk(".");
}

}  // namespace

Status import_directory(const ImportedDirectory& directory, wasi::FileSystem& files,
                        const std::function<void(const std::string&)>& seen) {
  const wasi::AddOptions options{.access = directory.is_writable ? wasi::Access::kReadWrite
                                                                 : wasi::Access::kReadOnly};
  SKERRY_TRY(make_way(directory.guest, files));
  if (directory.guest.empty()) return import_to(directory, files, seen);
  // A copy that the guest could not change gives way to a newer one, an empty directory to one with
  // the caller's times and mode. Into others what is given is copied; what else is there stays.
  if (const auto there = wasi::stat(files, directory.guest); there.ok()) {
    SKERRY_TRY(check_replaceable(directory.guest, files));
    const auto listed = wasi::list(files, directory.guest, 1);
    const bool is_directory = there->type == wasi::FileType::kDirectory;
    if (there->access == wasi::Access::kReadOnly ||
        (listed.ok() && listed->empty() && !directory.is_file)) {
      SKERRY_TRY(wasi::remove(files, directory.guest));
    } else if (is_directory == directory.is_file) {
      return absl::InvalidArgumentError(
          "--dir: " + directory.guest + " is a " + (is_directory ? "directory" : "file") +
          " in the guest, and what is given is none; take another path");
    }
  }
  if (!directory.is_file) SKERRY_TRY(wasi::make_directory(files, directory.guest, options));
  return import_to(directory, files, seen);
}

Result<HostDirectoryWriter> HostDirectoryWriter::open(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  SKERRY_ASSIGN(OwnedFd fd, open_file(directory, O_RDONLY | O_DIRECTORY));
  return HostDirectoryWriter(std::move(fd));
}

Result<OwnedFd> HostDirectoryWriter::parent_of(const std::string& relative) const {
  return open_beneath(
      directory_.get(),
      fs::path(relative).has_parent_path() ? fs::path(relative).parent_path().native() : ".",
      O_RDONLY | O_DIRECTORY);
}

Result<OwnedFd> HostDirectoryWriter::made_parent_of(const std::string& relative) const {
  auto opened = parent_of(relative);
  if (opened.ok() || opened.status().code() != StatusCode::kNotFound) return opened;
  const std::string parent = fs::path(relative).parent_path().native();
  SKERRY_ASSIGN(const OwnedFd above, made_parent_of(parent));
  SKERRY_TRY(syscall_result("mkdirat", shown(parent), [&] {
               return ::mkdirat(above.get(), fs::path(parent).filename().c_str(), 0755);
             }).status());
  return parent_of(relative);
}

Status HostDirectoryWriter::remove(const std::string& relative) const {
  const auto parent = parent_of(relative);
  // Gone with its parent, which is reported first.
  const StatusCode code = parent.status().code();
  if (code == StatusCode::kNotFound || code == StatusCode::kInvalidArgument) return ok_status();
  SKERRY_TRY(parent.status());
  // A directory goes with all that is in it, as it went in the guest. remove_all follows no link,
  // and the parent is the one that was opened beneath the directory.
  std::error_code error;
  fs::remove_all(
      fs::path("/proc/self/fd") / std::to_string(parent->get()) / fs::path(relative).filename(),
      error);
  return error ? errno_status(error.value(), "remove", shown(relative)) : ok_status();
}

Status HostDirectoryWriter::apply(const worker::FileChange& change, const std::string& relative,
                                  const std::string& linked) {
  if (change.is_further_piece) {
    // Without a file the first piece has failed, and was told about.
    if (!unfinished_ || unfinished_->relative != relative) return ok_status();
    return write_piece(change);
  }
  SKERRY_TRY(finish());
  const std::string name = fs::path(relative).filename().native();
  if (name.empty() || name == "." || name == "..") {
    return absl::InvalidArgumentError(shown(relative) + " is no name for a result");
  }
  if (change.kind == worker::FileChange::Kind::kRemoved) return remove(relative);
  SKERRY_ASSIGN(OwnedFd parent, made_parent_of(relative));
  switch (change.kind) {
    case worker::FileChange::Kind::kDirectory: {
      // What is in it is still to come.
      const mode_t mode = change.permissions.value_or(0755) | S_IRWXU;
      const auto made = syscall_result("mkdirat", shown(relative), [&] {
        return ::mkdirat(parent.get(), name.c_str(), mode & 0777);
      });
      return made.status().code() == StatusCode::kAlreadyExists ? ok_status() : made.status();
    }
    case worker::FileChange::Kind::kSymlink:
      return absl::InvalidArgumentError("the guest made a symbolic link at " + shown(relative) +
                                        "; links are not written to the host");
    case worker::FileChange::Kind::kHardLink:
      return link(std::move(parent), name, relative, linked);
    case worker::FileChange::Kind::kMore:  // of reports alone
      return ok_status();
    case worker::FileChange::Kind::kRemoved:
    case worker::FileChange::Kind::kFile:
      break;
  }
  SKERRY_TRY(begin_file(std::move(parent), name, relative, change.permissions));
  return write_piece(change);
}

namespace {

/// Whether a file lies at `name`. kFailedPrecondition when something else does.
Result<bool> has_file(int parent, const std::string& name, const std::string& relative,
                      struct stat& there) {
  if (::fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (S_ISREG(there.st_mode)) return true;
  const char* const what = S_ISLNK(there.st_mode)   ? "a symbolic link"
                           : S_ISDIR(there.st_mode) ? "a directory"
                                                    : "no file";
  return absl::FailedPreconditionError(shown(relative) + " is " + what +
                                       " on the host: a result does not take its place");
}

/// A name for what is on its way in a directory, free but for what a process left that was killed
/// and had our number.
std::string free_temporary(int parent) {
  std::string name = ".tmp-skerry-" + std::to_string(::getpid());
  (void)::unlinkat(parent, name.c_str(), 0);
  return name;
}

}  // namespace

Status HostDirectoryWriter::begin_file(OwnedFd parent, const std::string& name,
                                       const std::string& relative,
                                       std::optional<wasi::Mode> permissions) {
  struct stat there{};
  SKERRY_ASSIGN(const bool exists, has_file(parent.get(), name, relative, there));
  std::string temporary = free_temporary(parent.get());
  Unfinished made{.parent = std::move(parent),
                  .temporary = std::move(temporary),
                  .name = name,
                  .relative = relative,
                  .file = {}};
  SKERRY_ASSIGN(const int fd, syscall_result("openat", shown(relative), [&] {
                  return ::openat(made.parent.get(), made.temporary.c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                  mode_t{permissions.value_or(0644)} & 0777);
                }));
  made.file = OwnedFd(fd);
  // It stays whose it was. Who may not give files away keeps this one.
  if (exists && (::fchown(fd, there.st_uid, there.st_gid) == 0 || errno == EPERM)) {
    const mode_t readers = (there.st_mode & 0444) >> 2;
    (void)::fchmod(fd, (there.st_mode & 0777) | (permissions.value_or(0) & readers));
  }
  unfinished_ = std::move(made);
  return ok_status();
}

Status HostDirectoryWriter::link(OwnedFd parent, const std::string& name,
                                 const std::string& relative, const std::string& linked) {
  if (!written_.contains(linked)) {
    return absl::FailedPreconditionError(shown(relative) +
                                         " is another name of a file that was not written");
  }
  struct stat there{};
  SKERRY_TRY(has_file(parent.get(), name, relative, there).status());
  SKERRY_ASSIGN(const OwnedFd first, parent_of(linked));
  const std::string first_name = fs::path(linked).filename().native();
  const std::string temporary = free_temporary(parent.get());
  SKERRY_TRY(syscall_result("linkat", shown(relative), [&] {
               return ::linkat(first.get(), first_name.c_str(), parent.get(), temporary.c_str(), 0);
             }).status());
  const Status renamed =
      syscall_result("renameat", shown(relative), [&] {
        return ::renameat(parent.get(), temporary.c_str(), parent.get(), name.c_str());
      }).status();
  // Still there where that failed, and where the name was one of the same file already.
  (void)::unlinkat(parent.get(), temporary.c_str(), 0);
  return renamed;
}

Status HostDirectoryWriter::write_piece(const worker::FileChange& change) {
  const int file = unfinished_->file.get();
  const auto written = [&]() -> Status {
    if (!change.is_further_piece) {
      SKERRY_TRY(syscall_result("ftruncate", {}, [&] {
                   return ::ftruncate(file, static_cast<off_t>(change.size));
                 }).status());
    }
    SKERRY_TRY(syscall_result("lseek", {}, [&] {
                 return ::lseek(file, static_cast<off_t>(change.offset), SEEK_SET);
               }).status());
    return write_all(file, as_bytes(change.content));
  }();
  if (written.ok()) return ok_status();
  const Status lost = annotate(written, shown(unfinished_->relative));
  discard();
  return lost;
}

Status HostDirectoryWriter::finish() {
  if (!unfinished_) return ok_status();
  const Unfinished& made = *unfinished_;
  Status renamed = syscall_result("renameat", shown(made.relative), [&] {
                     return ::renameat(made.parent.get(), made.temporary.c_str(), made.parent.get(),
                                       made.name.c_str());
                   }).status();
  if (!renamed.ok()) {
    discard();
    return renamed;
  }
  written_.insert(made.relative);
  unfinished_.reset();
  return ok_status();
}

void HostDirectoryWriter::discard() {
  if (!unfinished_) return;
  (void)::unlinkat(unfinished_->parent.get(), unfinished_->temporary.c_str(), 0);
  unfinished_.reset();
}

HostDirectoryWriter::~HostDirectoryWriter() { discard(); }

}  // namespace skerry::app
