// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/wasi/files/file_system.h"
#include "skerry/worker/run_process.h"

namespace skerry::app {

/// A directory or a file of the caller's that a run gets a copy of: `HOST::GUEST[:rw]`.
struct ImportedDirectory {
  std::filesystem::path host;  ///< canonical
  std::string guest;           ///< absolute, without a slash at the end: of the root, empty
  bool is_writable = false;
  bool is_file = false;

  /// kInvalidArgument when it is not of that form, kNotFound when nothing is there.
  static Result<ImportedDirectory> parse(const std::string& text);
};

/// Copies a directory or file into a guest's file system. Symbolic links that stay inside are kept,
/// and those that lead nowhere, as they are written; nothing is read through one, also when another
/// process makes it meanwhile. `seen` hears of each entry, by its path in the directory, when its
/// kind is known and before it is opened. What is there already, in a session, is replaced: a copy
/// that the guest could not change as a whole, else the files of the same names. kInvalidArgument,
/// with the name, for a link that leaves it, a device, a socket or a pipe, for what changed while
/// it was read, and for a place of the runtime's; kResourceExhausted when it is more than the
/// quotas of `files` allow.
Status import_directory(const ImportedDirectory& directory, wasi::FileSystem& files,
                        const std::function<void(const std::string&)>& seen = {});

/// Writes what a run changed below one directory of the host's. Paths are resolved by the kernel
/// beneath it, through no symbolic link (openat2), whatever they say. A file appears whole or not
/// at all, with its holes. A new one has its mode in the guest, less the process's umask; one that
/// takes a file's place has that file's, and may be executed if it may in the guest. Names of one
/// file are hard links on the host, too. Confined to one thread.
class HostDirectoryWriter {
 public:
  static Result<HostDirectoryWriter> open(const std::filesystem::path& directory);
  HostDirectoryWriter(HostDirectoryWriter&&) = default;
  HostDirectoryWriter& operator=(HostDirectoryWriter&&) = delete;
  ~HostDirectoryWriter();

  /// Carries out one change at `relative`, a path below the directory. A file, which may come in
  /// pieces, gets its name when the next change comes. `linked` is the path below the directory
  /// that a hard link leads to: kFailedPrecondition unless this writer has written a file there.
  Status apply(const worker::FileChange& change, const std::string& relative,
               const std::string& linked = {});

  /// The last change was whole.
  Status finish();

 private:
  /// A file on its way, under a name of its own.
  struct Unfinished {
    OwnedFd parent;
    std::string temporary;
    std::string name;
    std::string relative;
    OwnedFd file;
  };
  Status write_piece(const worker::FileChange& change);
  Status begin_file(OwnedFd parent, const std::string& name, const std::string& relative,
                    std::optional<wasi::Mode> permissions);
  Status link(OwnedFd parent, const std::string& name, const std::string& relative,
              const std::string& linked);
  void discard();
  explicit HostDirectoryWriter(OwnedFd directory) : directory_(std::move(directory)) {}
  Result<OwnedFd> parent_of(const std::string& relative) const;
  Result<OwnedFd> made_parent_of(const std::string& relative) const;
  Status remove(const std::string& relative) const;
  OwnedFd directory_;
  std::optional<Unfinished> unfinished_;
  std::unordered_set<std::string> written_;  // paths of files
};

}  // namespace skerry::app
