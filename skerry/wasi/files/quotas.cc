// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/quotas.h"

namespace skerry::wasi {

std::string_view quota_name(QuotaKind kind) {
  switch (kind) {
    case QuotaKind::kNone:
      return "none";
    case QuotaKind::kFileBytes:
      return "file_bytes";
    case QuotaKind::kFileSize:
      return "file_size";
    case QuotaKind::kTotalSize:
      return "total_size";
    case QuotaKind::kInodes:
      return "inodes";
    case QuotaKind::kEntries:
      return "entries";
    case QuotaKind::kDescriptors:
      return "descriptors";
    case QuotaKind::kDepth:
      return "depth";
    case QuotaKind::kNameLength:
      return "name_length";
    case QuotaKind::kPathLength:
      return "path_length";
    case QuotaKind::kSymlinksFollowed:
      return "symlinks_followed";
  }
  return "unknown";
}

}  // namespace skerry::wasi
