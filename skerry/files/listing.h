// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/files/tree.h"
#include "skerry/files/watch.h"

namespace skerry::files {

/// How far down a directory something goes.
enum class Depth { kOne, kAll };

struct ListingOrder {
  std::string pattern = {};  ///< of names; empty: all. Directories are entered whatever their name
  Depth depth = Depth::kOne;
  bool has_hidden = false;
};

struct ListedFile {
  std::string name;
  std::string path;      ///< as clients write it
  bool is_file = false;  ///< no directory; a link is what it leads to
  std::uint64_t size = 0;
  std::chrono::seconds modified{0};  ///< since 1970
};

struct Listed {
  std::vector<ListedFile> files;  ///< by name, then path; 10,000 at most
  int file_count = 0;             ///< of all
  int directory_count = 0;
  bool was_cut = false;
};

/// Lists a directory. Fails as the tree and the watch do.
Result<Listed> list_files(const Tree& tree, const FilePath& path, const ListingOrder& order,
                          Watch& watch);

}  // namespace skerry::files
