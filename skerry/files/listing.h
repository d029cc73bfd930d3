// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/tree.h"

namespace skerry::files {

/// How far down a directory something goes.
enum class Depth { kOne, kAll };

/// What to list. Untrusted.
struct ListingOrder {
  std::string pattern = {};  ///< of names; empty: all. Directories are entered whatever their name
  Depth depth = Depth::kOne;
  bool has_hidden = false;
};

struct ListedFile {
  std::string name;
  std::string path;      ///< as clients write it
  bool is_file = false;  ///< not a directory; a link is what it leads to
  std::uint64_t size = 0;
  std::chrono::seconds modified{0};  ///< since 1970
};

struct Listed {
  /// Entries that are listed, and the bytes of their names and paths together.
  static constexpr std::size_t kMaxFiles = 10'000;
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

  std::vector<ListedFile> files = {};  ///< by name, then path
  int file_count = 0;                  ///< of all
  int directory_count = 0;
  bool was_cut = false;  ///< not all are listed
};

/// Lists a directory. kInvalidArgument for a pattern that is too long; else fails as the tree and
/// the deadline do.
Result<Listed> list_files(const Tree& tree, const FilePath& path, const ListingOrder& order,
                          Deadline& deadline);

}  // namespace skerry::files
