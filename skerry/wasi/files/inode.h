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

/// A character device, by what opening, reading and writing it do. Stored: numbers are kept.
enum class Device : std::uint8_t {
  kNull = 1,
  kZero = 2,
  kFull = 3,
  kRandom = 4,
  /// The terminal that no guest has: cannot be opened.
  kTerminal = 5,
  /// What descriptor 0, 1 or 2 is when the device is opened.
  kStdin = 6,
  kStdout = 7,
  kStderr = 8,
};
inline constexpr Device kLastDevice = Device::kStderr;

/// A file's type and permissions, as `st_mode` of Linux has them.
using Mode = std::uint16_t;
inline constexpr Mode kTypeOfMode = 0170000;
inline constexpr Mode kPermissions = 07777;
inline constexpr Mode kMayRead = 0400;
inline constexpr Mode kMayWrite = 0200;
inline constexpr Mode kMaySearch = 0100;

/// A file, directory, symbolic link or device. A value; copies share what they hold.
///
/// Access times are those of creation or of an explicit options: reading changes nothing, so that a
/// run that only reads leaves its state as it was.
struct Inode {
  std::variant<FileContent, Directory, SymbolicLink, Device> body;
  Access access = Access::kReadWrite;
  /// What is made in a directory that has a mode has one, too. 0: none is kept, and everything is
  /// allowed, as WASI knows no modes.
  Mode mode = 0;
  /// Listings that the guest makes leave it out, and the guest cannot remove or rename it.
  bool is_unlisted = false;
  /// Names that lead here. 0: removed, and alive only while pinned.
  std::uint64_t links = 0;
  Nanoseconds accessed{};
  Nanoseconds modified{};
  Nanoseconds changed{};

  FileType type() const {
    constexpr FileType kTypes[] = {FileType::kRegularFile, FileType::kDirectory,
                                   FileType::kSymbolicLink, FileType::kCharacterDevice};
    return kTypes[body.index()];
  }
  FileContent* file() { return std::get_if<FileContent>(&body); }
  const FileContent* file() const { return std::get_if<FileContent>(&body); }
  Directory* directory() { return std::get_if<Directory>(&body); }
  const Directory* directory() const { return std::get_if<Directory>(&body); }
  const SymbolicLink* symlink() const { return std::get_if<SymbolicLink>(&body); }
  const Device* device() const { return std::get_if<Device>(&body); }

  /// Whether the owner, who every guest is, has all of these permissions.
  bool permits(Mode permissions) const { return mode == 0 || (mode & permissions) == permissions; }

  /// As `stat` reports it: content's bytes, or a link's length; 0 for a directory
  /// or device.
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
