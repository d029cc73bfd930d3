// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/wasi/files/file_system.h"

namespace skerry::wasi {

/// What became of one path between two snapshots.
struct Change {
  enum class Kind : std::uint8_t { kCreated, kModified, kDeleted };
  Kind kind = Kind::kCreated;
  /// Absolute; names in it are the guest's and untrusted, though UTF-8 without NUL.
  std::string path;
  /// What it is now; what it was, when deleted.
  FileType type = FileType::kUnknown;
  /// Bytes of a regular file, holes included; 0 when deleted.
  std::uint64_t size = 0;
  /// Equal for all names of one file. 0 when deleted.
  InodeNumber inode{};
  bool operator==(const Change&) const = default;
};

/// How much a list of changes may hold.
struct ChangeLimits {
  std::size_t count = 100'000;
  /// Bytes of all paths together. A guest can make each of them 16 KiB long.
  std::size_t path_bytes = std::size_t{64} << 20;
};

/// What differs in `after`, by path in order: a directory before what is in it.
///
/// Modified means other bytes or another mode of a file, or another link target; times alone are no
/// change. A path whose type
/// has changed is reported as deleted and then created. A renamed file is a deleted and a created
/// one. Every path of a deleted directory is reported. kResourceExhausted when there are more
/// changes than `limits` allow: nothing is left out silently. O(inodes of both), but O(1) when both
/// are one snapshot.
Result<std::vector<Change>> changes_since(const FileSystem& before, const FileSystem& after,
                                          const ChangeLimits& limits = {});

}  // namespace skerry::wasi
