// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/wasi/files/file_system.h"

// The host's view of a guest's file system, by absolute path: filling it before a run, reading
// results after one.
//
// Paths are "/a/b": absolute, without empty, "." and ".." parts, a slash at the end or NUL. No
// symbolic link is ever followed, so what a guest has made cannot lead the host elsewhere. Quotas
// hold; read-only marks do not bind the host. Errors: kInvalidArgument for a path that is none;
// kNotFound; kAlreadyExists; kFailedPrecondition when something on the way is no directory, or is
// not what was asked for; kResourceExhausted with the quota's name.

namespace skerry::wasi {

/// How something is added. Below a read-only directory everything is read-only.
struct AddOptions {
  /// The three times of what is made. Default: 1970, so that equal imports are equal.
  Nanoseconds modified{};
  Access access = Access::kReadWrite;
  /// Of files and directories that are made where modes are kept. Default: as the guest would make
  /// them.
  std::optional<Mode> permissions = std::nullopt;
};

/// Makes a directory and those on the way to it. One that is there already stays as it is.
Status make_directory(FileSystem& files, std::string_view path, const AddOptions& options = {});
/// Adds a file, and the directories on the way to it. It must not be there.
Status add_file(FileSystem& files, std::string_view path, std::span<const std::byte> bytes,
                const AddOptions& options = {});
Status add_file(FileSystem& files, std::string_view path, Blob blob,
                const AddOptions& options = {});
/// Adds a symbolic link, and the directories on the way to it. An absolute target can be stored,
/// not followed.
Status add_symlink(FileSystem& files, std::string_view path, std::string_view target,
                   const AddOptions& options = {});
Status add_device(FileSystem& files, std::string_view path, Device device,
                  const AddOptions& options = {});
/// Removes a file, a link, or a directory with all that is in it.
Status remove(FileSystem& files, std::string_view path);

/// What the host sees of one path.
struct FileStatus {
  FileType type = FileType::kUnknown;
  std::uint64_t size = 0;
  Nanoseconds modified{};
  Access access = Access::kReadWrite;
  std::uint64_t links = 0;
  InodeNumber inode{};
};

struct ListedFile {
  std::string name;
  FileStatus status;
};

Result<FileStatus> stat(const FileSystem& files, std::string_view path);
/// The whole of a regular file; kResourceExhausted when it is larger than `limit`.
Result<std::string> read_file(const FileSystem& files, std::string_view path, ByteSize limit);
/// Where a symbolic link points, as the guest or host wrote it: untrusted.
Result<std::string> read_symlink(const FileSystem& files, std::string_view path);
/// What a directory holds, by name; kResourceExhausted when it is more than `limit`.
Result<std::vector<ListedFile>> list(const FileSystem& files, std::string_view path,
                                     std::size_t limit);

/// The inode of a path: for HostState::add_preopen and tests.
Result<InodeNumber> locate(const FileSystem& files, std::string_view path);

}  // namespace skerry::wasi
