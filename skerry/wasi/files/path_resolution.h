// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "skerry/wasi/files/errno.h"
#include "skerry/wasi/files/file_system.h"

namespace skerry::wasi {

/// What happens when a path ends in a symbolic link.
enum class LastLink : std::uint8_t {
  /// It is followed: open, stat.
  kFollow,
  /// It is meant itself, unless a slash follows: lstat.
  kFollowBeforeSlash,
  /// It is followed, unless a slash follows: open that may create a file.
  kFollowUnlessSlash,
  /// It is meant itself: create, remove, rename.
  kKeep,
};

/// Whose look-up it is: the mode of a directory stops the guest alone.
enum class Searcher : std::uint8_t { kHost, kGuest };

/// Where a path leads: to a name in a directory that may or may not be there yet.
struct ResolvedPath {
  /// The last part is a name in `parent`; otherwise "." or "..", and only `inode` counts.
  bool has_name = false;
  InodeNumber parent{};
  /// Points into the path or into a link's target: lasts until the file system changes that link.
  std::string_view name;
  /// A slash came after the last part, so only a directory will do.
  bool wants_directory = false;
  /// Absent when nothing has that name.
  std::optional<InodeNumber> inode;
};

/// Follows a guest's path from the directory `base`, never out of it. Untrusted: `path` is whatever
/// the guest gave. In a root that has a mode, ".." of the root is the root, and a link's absolute
/// target begins there, as POSIX has it.
///
/// `noent` for an empty path or a missing directory; `perm` for an absolute path, an absolute link
/// target, and ".." out of `base` (as Wasmtime answers); `acces` where a
/// guest may not search; `notdir`, `loop`, `nametoolong`; `inval`
/// for NUL and `ilseq` for what is not UTF-8. Allocates nothing; about 20 ns a part.
OrErrno<ResolvedPath> resolve(const FileSystem& files, InodeNumber base, std::string_view path,
                              LastLink last_link, Searcher searcher = Searcher::kHost);

/// As `resolve`, for what must exist: `noent` when it does not, `notdir` when only a directory will
/// do.
OrErrno<InodeNumber> resolve_existing(const FileSystem& files, InodeNumber base,
                                      std::string_view path, LastLink last_link);

}  // namespace skerry::wasi
