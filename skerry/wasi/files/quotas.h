// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "skerry/base/bytes.h"

namespace skerry::wasi {

/// How much a guest's files may cost the host, where they are exported too. Host memory stays below
/// `file_bytes` plus about 2 KiB for each inode and entry. A plain value.
struct Quotas {
  /// Allocated content of all files together, and symbolic links' targets. Content is allocated in
  /// pieces of 512 bytes to 64 KiB; holes and unchanged blobs are free. Default: as much as the
  /// guest's memory. Beyond: `nospc`.
  ByteSize file_bytes = mib(256);
  /// The size of one file, holes included. Blobs may be larger. Default: `file_bytes`. Beyond:
  /// `fbig`.
  ByteSize file_size = mib(256);
  /// The sizes of all files together, holes included, unchanged blobs left out, so that reading
  /// them out is bounded. A file with several names counts once. Default: `file_bytes`. Beyond:
  /// `nospc`.
  ByteSize total_size = mib(256);
  /// Files, directories and links. Default: what 256 MiB holds at 4 KiB each. Beyond: `nospc`.
  std::uint64_t inodes = 65'536;
  /// Names in all directories together: hard links cost memory, too. Default: one name and one link
  /// for each inode. Beyond: `nospc`.
  std::uint64_t entries = 131'072;
  /// Open descriptors, standard streams and preopens included. Default: what common programs expect
  /// of `ulimit -n`. Beyond: `mfile`.
  std::uint32_t descriptors = 256;
  /// Directories below one another, counted from the root. Default: twice what package trees need.
  /// Beyond: `nametoolong`.
  std::uint32_t depth = 64;
  /// Bytes of one name, as on Linux. Beyond: `nametoolong`.
  std::uint32_t name_length = 255;
  /// Bytes of a path or of a symbolic link's target, as on Linux. Beyond: `nametoolong`.
  std::uint32_t path_length = 4096;
  /// Symbolic links followed in one look-up, as on Linux. Beyond: `loop`.
  std::uint32_t symlinks_followed = 40;

  bool operator==(const Quotas&) const = default;
};

/// Names a limit of Quotas.
enum class QuotaKind : std::uint8_t {
  kNone,
  kFileBytes,
  kFileSize,
  kTotalSize,
  kInodes,
  kEntries,
  kDescriptors,
  kDepth,
  kNameLength,
  kPathLength,
  kSymlinksFollowed,
};

/// The member of Quotas that it stands for: "file_bytes"; "none" for kNone.
std::string_view quota_name(QuotaKind kind);

}  // namespace skerry::wasi
