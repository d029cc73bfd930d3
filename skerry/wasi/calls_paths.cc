// SPDX-License-Identifier: Apache-2.0
// path_*: what works on a path below an open directory. The errors are those that Linux gives.
#include <algorithm>
#include <cstring>

#include "skerry/base/utf8.h"
#include "skerry/wasi/call_functions.h"
#include "skerry/wasi/files/path_resolution.h"

namespace skerry::wasi {
namespace {

LastLink last_link(std::uint32_t lookup_flags) {
  return (lookup_flags & kSymlinkFollow) != 0 ? LastLink::kFollow : LastLink::kFollowBeforeSlash;
}

// NOLINTBEGIN(readability-function-size): seven, each of which differs between the calls
/// Looks up the directory descriptor in argument `at` and the path in the two after `path_at`.
OrErrno<ResolvedPath> resolve_arguments(const Context& context, GuestMemory memory,
                                        Arguments arguments, std::size_t at, std::size_t path_at,
                                        Rights needed, LastLink last) {
  SKERRY_ASSIGN(const Descriptor* directory, directory_with(context, fd_of(arguments, at), needed));
  SKERRY_ASSIGN(const std::string_view path,
                memory.text(u32(arguments, path_at), u32(arguments, path_at + 1)));
  return resolve(context.state.files(), directory->inode, path, last, Searcher::kGuest);
}
// NOLINTEND(readability-function-size)

OrErrno<InodeNumber> must_exist(const Context& context, const ResolvedPath& path) {
  if (!path.inode.has_value()) return Errno::kNoEnt;
  if (path.wants_directory && context.state.files().get(*path.inode).directory() == nullptr) {
    return Errno::kNotDir;
  }
  return *path.inode;
}

/// For what adds, removes or replaces a name.
Errno may_change(const FileSystem& files, const ResolvedPath& path) {
  return may(files, path.parent, kMayWrite | kMaySearch);
}

/// For what takes a name away: those that listings leave out stay, as mount points do.
Errno may_take(const FileSystem& files, const ResolvedPath& path) {
  if (path.inode.has_value() && files.get(*path.inode).is_unlisted) return Errno::kBusy;
  return may_change(files, path);
}

/// For what makes a new name that is no directory.
Errno must_be_free(const FileSystem& files, const ResolvedPath& path) {
  if (!path.has_name || path.inode.has_value()) return Errno::kExist;
  return path.wants_directory ? Errno::kNoEnt : may_change(files, path);
}

LastLink last_link_to_open(OpenFlags flags, std::uint32_t lookup_flags) {
  if ((flags & kOpenCreate) == 0) return last_link(lookup_flags);
  const bool follows = (lookup_flags & kSymlinkFollow) != 0 && (flags & kOpenExclusive) == 0;
  return follows ? LastLink::kFollowUnlessSlash : LastLink::kKeep;
}

/// What path_open was asked for, checked as far as it goes without looking at files.
struct OpenRequest {
  OpenFlags open_flags = 0;
  FdFlags fd_flags = 0;
  Rights rights = 0;
  Rights inheriting = 0;

  bool has(OpenFlags flag) const { return (open_flags & flag) != 0; }
  bool writes() const { return (rights & kFdWrite) != 0; }
  /// What is needed of the inode's mode, where these rights stand for reading and writing.
  Mode permissions(Rights reading, Rights writing) const {
    const bool changes = (rights & writing) != 0 || has(kOpenTruncate);
    return static_cast<Mode>(((rights & reading) != 0 ? kMayRead : 0) | (changes ? kMayWrite : 0));
  }
};

OrErrno<OpenRequest> check_request(const Descriptor& directory, Arguments arguments) {
  const std::uint32_t open_flags = u32(arguments, 4);
  const std::uint32_t fd_flags = u32(arguments, 7);
  if ((open_flags & ~std::uint32_t{kAllOpenFlags}) != 0) return Errno::kInval;
  if ((fd_flags & ~std::uint32_t{kAllFdFlags}) != 0) return Errno::kInval;
  // Bits that stand for nothing are dropped: guests ask for "everything" by options them all.
  const OpenRequest request = {.open_flags = static_cast<OpenFlags>(open_flags),
                               .fd_flags = static_cast<FdFlags>(fd_flags),
                               .rights = arguments[5] & kAllRights,
                               .inheriting = arguments[6] & kAllRights};
  if (request.has(kOpenCreate) && request.has(kOpenDirectory)) return Errno::kInval;
  Rights needed = kPathOpen;
  if (request.has(kOpenCreate)) needed |= kPathCreateFile;
  if (request.has(kOpenTruncate)) needed |= kPathFilestatSetSize;
  if ((directory.rights & needed) != needed) return Errno::kNotCapable;
  if (((request.rights | request.inheriting) & ~directory.inheriting) != 0)
    return Errno::kNotCapable;
  return request;
}

/// The file that is there, made or truncated as asked.
OrErrno<InodeNumber> find_or_create(Context& context, const ResolvedPath& path,
                                    const OpenRequest& request) {
  FileSystem& files = context.state.files();
  if (request.has(kOpenCreate) && path.has_name && path.wants_directory) return Errno::kIsDir;
  if (!path.inode.has_value()) {
    if (!request.has(kOpenCreate)) return Errno::kNoEnt;
    SKERRY_ERRNO_TRY(may_change(files, path));
    return files.create_file(path.parent, path.name, context.clock.realtime());
  }
  if (request.has(kOpenCreate) && request.has(kOpenExclusive)) return Errno::kExist;
  const Inode& inode = files.get(*path.inode);
  if (inode.directory() != nullptr) {
    if (request.writes() || request.has(kOpenCreate) || request.has(kOpenTruncate))
      return Errno::kIsDir;
    SKERRY_ERRNO_TRY(may(files, *path.inode, request.permissions(kFdReaddir, 0)));
    return *path.inode;
  }
  if (path.wants_directory || request.has(kOpenDirectory)) return Errno::kNotDir;
  if (inode.symlink() != nullptr) return Errno::kLoop;
  const bool is_device = inode.device() != nullptr;
  if (request.writes() && inode.access == Access::kReadOnly && !is_device) return Errno::kRofs;
  SKERRY_ERRNO_TRY(may(files, *path.inode, request.permissions(kFdRead, kFdWrite)));
  if (request.has(kOpenTruncate) && !is_device) {
    SKERRY_ERRNO_TRY(files.set_size(*path.inode, 0, context.clock.realtime()));
  }
  return *path.inode;
}

}  // namespace

CallResult path_open(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const Descriptor* base, directory_with(context, fd_of(arguments, 0), kPathOpen));
  const Descriptor directory = *base;
  SKERRY_ASSIGN(const std::string_view text, memory.text(u32(arguments, 2), u32(arguments, 3)));
  SKERRY_ASSIGN(const auto fd_out, memory.range(u32(arguments, 8), 4));
  SKERRY_ASSIGN(const OpenRequest request, check_request(directory, arguments));
  const FileSystem& files = context.state.files();
  if (context.state.descriptors().open_count() >= files.quotas().descriptors) {
    return files.note_quota(QuotaKind::kDescriptors);
  }
  SKERRY_ASSIGN(
      const ResolvedPath path,
      resolve(files, directory.inode, text,
              last_link_to_open(request.open_flags, u32(arguments, 1)), Searcher::kGuest));
  SKERRY_ASSIGN(const InodeNumber number, find_or_create(context, path, request));

  const bool is_directory = files.get(number).directory() != nullptr;
  Descriptor opened = {
      .kind = is_directory ? Descriptor::Kind::kDirectory : Descriptor::Kind::kFile,
      .inode = number,
      .flags = request.fd_flags,
      .rights = request.rights & (is_directory ? kDirectoryRights : kRegularFileRights),
      .inheriting = is_directory ? request.inheriting : 0,
      .preopen_name = nullptr};
  if (const Device* device = files.get(number).device()) {
    SKERRY_ASSIGN(opened, opened_device(context, *device, std::move(opened)));
  }
  SKERRY_ASSIGN(const Fd fd, context.state.open(std::move(opened)));
  put(fd_out, 0, static_cast<std::uint32_t>(fd));
  return Errno::kSuccess;
}

CallResult path_create_directory(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path, resolve_arguments(context, memory, arguments, 0, 1,
                                                           kPathCreateDirectory, LastLink::kKeep));
  if (!path.has_name || path.inode.has_value()) return Errno::kExist;
  SKERRY_ERRNO_TRY(may_change(context.state.files(), path));
  return context.state.files()
      .create_directory(path.parent, path.name, context.clock.realtime())
      .status();
}

CallResult path_filestat_get(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path,
                resolve_arguments(context, memory, arguments, 0, 2, kPathFilestatGet,
                                  last_link(u32(arguments, 1))));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 4), kFilestatSize));
  SKERRY_ASSIGN(const InodeNumber number, must_exist(context, path));
  write_filestat(out, number, context.state.files().get(number));
  return Errno::kSuccess;
}

CallResult path_filestat_set_times(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path,
                resolve_arguments(context, memory, arguments, 0, 2, kPathFilestatSetTimes,
                                  last_link(u32(arguments, 1))));
  SKERRY_ASSIGN(const InodeNumber number, must_exist(context, path));
  return set_times(context, number, Nanoseconds(arguments[4]), Nanoseconds(arguments[5]),
                   u32(arguments, 6));
}

CallResult path_link(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath old_path,
                resolve_arguments(context, memory, arguments, 0, 2, kPathLinkSource,
                                  last_link(u32(arguments, 1))));
  SKERRY_ASSIGN(const InodeNumber linked, must_exist(context, old_path));
  SKERRY_ASSIGN(const ResolvedPath new_path, resolve_arguments(context, memory, arguments, 4, 5,
                                                               kPathLinkTarget, LastLink::kKeep));
  SKERRY_ERRNO_TRY(must_be_free(context.state.files(), new_path));
  return context.state.files().link(linked, new_path.parent, new_path.name,
                                    context.clock.realtime());
}

CallResult path_readlink(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path,
                resolve_arguments(context, memory, arguments, 0, 1, kPathReadlink,
                                  LastLink::kFollowBeforeSlash));
  SKERRY_ASSIGN(const auto out, memory.range(u32(arguments, 3), u32(arguments, 4)));
  SKERRY_ASSIGN(const auto used_out, memory.range(u32(arguments, 5), 4));
  SKERRY_ASSIGN(const InodeNumber number, must_exist(context, path));
  const SymbolicLink* link = context.state.files().get(number).symlink();
  if (link == nullptr) return Errno::kInval;
  const std::size_t length = std::min(out.size(), link->target.size());
  if (length > 0) std::memcpy(out.data(), link->target.data(), length);
  put(used_out, 0, static_cast<std::uint32_t>(length));
  return Errno::kSuccess;
}

CallResult path_remove_directory(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path, resolve_arguments(context, memory, arguments, 0, 1,
                                                           kPathRemoveDirectory, LastLink::kKeep));
  if (!path.has_name) return path.name == "." ? Errno::kInval : Errno::kNotEmpty;
  SKERRY_ERRNO_TRY(may_take(context.state.files(), path));
  return context.state.files().remove_directory(path.parent, path.name, context.clock.realtime());
}

CallResult path_rename(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath old_path, resolve_arguments(context, memory, arguments, 0, 1,
                                                               kPathRenameSource, LastLink::kKeep));
  SKERRY_ASSIGN(const ResolvedPath new_path, resolve_arguments(context, memory, arguments, 3, 4,
                                                               kPathRenameTarget, LastLink::kKeep));
  if (!old_path.has_name || !new_path.has_name) return Errno::kBusy;
  FileSystem& files = context.state.files();
  if (!old_path.inode.has_value()) return Errno::kNoEnt;
  if (files.get(*old_path.inode).directory() == nullptr &&
      (old_path.wants_directory || new_path.wants_directory)) {
    return Errno::kNotDir;
  }
  SKERRY_ERRNO_TRY(may_take(files, old_path));
  SKERRY_ERRNO_TRY(may_take(files, new_path));
  return files.rename(old_path.parent, old_path.name, new_path.parent, new_path.name,
                      context.clock.realtime());
}

CallResult path_symlink(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const std::string_view target, memory.text(u32(arguments, 0), u32(arguments, 1)));
  SKERRY_ASSIGN(const ResolvedPath path,
                resolve_arguments(context, memory, arguments, 2, 3, kPathSymlink, LastLink::kKeep));
  if (target.empty()) return Errno::kNoEnt;
  if (target.find('\0') != target.npos) return Errno::kInval;
  if (!is_utf8(target)) return Errno::kIlseq;
  // Without modes it could never be followed, and a guest that is told so now can do something
  // else.
  if (target.front() == '/' && context.state.files().get(FileSystem::kRoot).mode == 0)
    return Errno::kPerm;
  SKERRY_ERRNO_TRY(must_be_free(context.state.files(), path));
  return context.state.files()
      .create_symlink(path.parent, path.name, target, context.clock.realtime())
      .status();
}

CallResult path_unlink_file(Context& context, GuestMemory memory, Arguments arguments) {
  SKERRY_ASSIGN(const ResolvedPath path, resolve_arguments(context, memory, arguments, 0, 1,
                                                           kPathUnlinkFile, LastLink::kKeep));
  if (!path.has_name) return Errno::kIsDir;
  FileSystem& files = context.state.files();
  if (path.inode.has_value() && path.wants_directory) {
    return files.get(*path.inode).directory() != nullptr ? Errno::kIsDir : Errno::kNotDir;
  }
  SKERRY_ERRNO_TRY(may_take(files, path));
  return files.unlink(path.parent, path.name, context.clock.realtime());
}

}  // namespace skerry::wasi
