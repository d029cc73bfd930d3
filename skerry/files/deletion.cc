// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/deletion.h"

#include "skerry/files/glob.h"

namespace skerry::files {
namespace {

/// Adds `path` to `paths` as long as there is room.
void tell(std::vector<std::string>& paths, std::size_t& bytes, const std::string& path) {
  if (paths.size() == Deleted::kMaxPaths || bytes + path.size() > Deleted::kMaxBytes) return;
  bytes += path.size();
  paths.push_back(path);
}

Status delete_one(Tree& tree, const Deletion& deletion, Deadline& deadline) {
  SKERRY_ASSIGN(const Entry entry, tree.find_itself(deletion.path));
  if (entry.name.empty()) return absl::PermissionDeniedError("the root itself stays");
  return entry.is_directory() && deletion.depth == Depth::kAll
             ? tree.remove_all(deletion.path, deadline)
             : tree.remove(deletion.path);
}

bool leads_out(const Tree& tree, const Entry& entry) {
  return entry.is_link() && tree.find(entry.below).status().code() == StatusCode::kPermissionDenied;
}

Result<Deleted> delete_matching(Tree& tree, const Deletion& deletion, Deadline& deadline) {
  SKERRY_ASSIGN(const Entry directory, tree.find(deletion.path));
  if (!directory.is_directory()) return absl::FailedPreconditionError("Path is not a directory");
  SKERRY_ASSIGN(const Glob pattern, Glob::parse(deletion.pattern));
  Deleted deleted;
  std::size_t bytes = 0;
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    SKERRY_TRY(deadline.check(pattern.cost(entry.name.size())));
    if (leads_out(tree, entry)) {
      tell(deleted.skipped, bytes, entry.below);
    } else if (!entry.is_directory() && pattern.matches(entry.name)) {
      SKERRY_TRY(tree.remove(entry.below));
      ++deleted.count;
      tell(deleted.paths, bytes, entry.below);
    }
    return deletion.depth == Depth::kAll ? Tree::Step::kOn : Tree::Step::kNotInto;
  };
  SKERRY_TRY(tree.walk(deletion.path, deadline, visit));
  return deleted;
}

}  // namespace

Result<Deleted> delete_files(Tree& tree, const Deletion& deletion, Deadline& deadline) {
  Result<Deleted> deleted = Deleted();
  if (!deletion.pattern.empty()) {
    deleted = delete_matching(tree, deletion, deadline);
  } else if (const Status done = delete_one(tree, deletion, deadline); done.ok()) {
    deleted->count = 1;
    deleted->paths.push_back(deletion.path);
  } else {
    deleted = done;
  }
  if (deleted.status().code() == StatusCode::kNotFound) return Deleted();
  return deleted;
}

}  // namespace skerry::files
