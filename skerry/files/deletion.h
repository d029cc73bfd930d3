// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/listing.h"
#include "skerry/files/tree.h"

namespace skerry::files {

/// What to delete: a file, link or directory; or, with a pattern, the files and links of such names
/// in a directory. Untrusted.
struct Deletion {
  std::string path;
  std::string pattern = {};
  /// Of a directory without a pattern: kOne deletes it when it is empty, kAll with what is in it.
  Depth depth = Depth::kOne;
};

struct Deleted {
  /// The most paths that are told, of either kind, and their bytes together.
  static constexpr std::size_t kMaxPaths = 10'000;
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

  int count = 0;                          ///< of all
  std::vector<std::string> paths = {};    ///< from the root on
  std::vector<std::string> skipped = {};  ///< links that lead out of the root: left as they are
};

/// Deletes. What is not there counts as deleted already. kFailedPrecondition for a directory that
/// is not empty, and for a pattern in what is not a directory; kPermissionDenied for the root;
/// kInvalidArgument for a pattern that is too long.
Result<Deleted> delete_files(Tree& tree, const Deletion& deletion, Deadline& deadline);

}  // namespace skerry::files
