// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/listing.h"

#include <algorithm>
#include <tuple>

#include "skerry/files/glob.h"

namespace skerry::files {
namespace {

ListedFile listed_file(const Tree& tree, const FilePath& path, const Entry& entry) {
  // What a link leads to, if it leads to something within the root.
  const auto target = entry.is_link() ? tree.find(entry.below) : entry;
  const bool is_directory = target.ok() && target->is_directory();
  return {.name = entry.name,
          .path = path.at(entry.below).shown(),
          .is_file = !is_directory,
          .size = target.ok() && target->is_file() ? target->size : 0,
          .modified = std::chrono::duration_cast<std::chrono::seconds>(entry.modified)};
}

}  // namespace

Result<Listed> list_files(const Tree& tree, const FilePath& path, const ListingOrder& order,
                          Deadline& deadline) {
  SKERRY_ASSIGN(const Entry directory, tree.find(path.below()));
  if (!directory.is_directory()) return absl::FailedPreconditionError("Path is not a directory");
  SKERRY_ASSIGN(const Glob pattern, Glob::parse(order.pattern));
  Listed listed;
  std::size_t bytes = 0;
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    if (entry.is_hidden() && !order.has_hidden) return Tree::Step::kNotInto;
    SKERRY_TRY(deadline.check(pattern.cost(entry.name.size())));
    if (order.pattern.empty() || pattern.matches(entry.name)) {
      ListedFile file = listed_file(tree, path, entry);
      ++(file.is_file ? listed.file_count : listed.directory_count);
      bytes += file.name.size() + file.path.size();
      if (listed.files.size() < Listed::kMaxFiles && bytes <= Listed::kMaxBytes) {
        listed.files.push_back(std::move(file));
      } else {
        listed.was_cut = true;
      }
    }
    return order.depth == Depth::kAll ? Tree::Step::kOn : Tree::Step::kNotInto;
  };
  SKERRY_TRY(tree.walk(path.below(), deadline, visit));
  std::ranges::sort(listed.files, {},
                    [](const ListedFile& file) { return std::tie(file.name, file.path); });
  return listed;
}

}  // namespace skerry::files
