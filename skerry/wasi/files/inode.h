// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "skerry/wasi/files/directory.h"
#include "skerry/wasi/files/file_content.h"
#include "skerry/wasi/files/types.h"

namespace skerry::wasi {

/// Whether the guest may change something. The host always may.
enum class Access : std::uint8_t { kReadWrite, kReadOnly };

/// Where a symbolic link points: a path, relative to the link's directory.
struct SymbolicLink {
  std::string target;
};

/// A file, directory or symbolic link. A value; copies share what they hold.
///
/// Access times are those of creation or of an explicit options: reading changes nothing, so that a
/// run that only reads leaves its state as it was.
struct Inode {
  std::variant<FileContent, Directory, SymbolicLink> body;
  Access access = Access::kReadWrite;
  /// Names that lead here. 0: removed, and alive only while pinned.
  std::uint64_t links = 0;
  Nanoseconds accessed{};
  Nanoseconds modified{};
  Nanoseconds changed{};

  FileType type() const {
    constexpr FileType kTypes[] = {FileType::kRegularFile, FileType::kDirectory,
                                   FileType::kSymbolicLink};
    return kTypes[body.index()];
  }
  FileContent* file() { return std::get_if<FileContent>(&body); }
  const FileContent* file() const { return std::get_if<FileContent>(&body); }
  Directory* directory() { return std::get_if<Directory>(&body); }
  const Directory* directory() const { return std::get_if<Directory>(&body); }
  const SymbolicLink* symlink() const { return std::get_if<SymbolicLink>(&body); }

  /// As `stat` reports it: content's bytes, or a link's length; 0 for a directory.
  std::uint64_t size() const {
    if (const FileContent* content = file()) return content->size();
    if (const SymbolicLink* link = symlink()) return link->target.size();
    return 0;
  }
  /// As `stat` reports it: a directory also counts its own "." and its children's "..".
  std::uint64_t link_count() const {
    const Directory* names = directory();
    return names == nullptr || links == 0 ? links : 2 + names->subdirectories;
  }
};

}  // namespace skerry::wasi
