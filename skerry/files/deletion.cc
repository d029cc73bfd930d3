// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/deletion.h"

#include "skerry/files/glob.h"

namespace skerry::files {
namespace {

Status delete_one(Tree& tree, const Deletion& deletion) {
  SKERRY_ASSIGN(const Entry entry, tree.find_itself(deletion.path));
  if (entry.name.empty()) return absl::PermissionDeniedError("the root itself stays");
  return entry.is_directory() && deletion.depth == Depth::kAll ? tree.remove_all(deletion.path)
                                                               : tree.remove(deletion.path);
}

bool leads_out(const Tree& tree, const Entry& entry) {
  return entry.is_link() && tree.find(entry.below).status().code() == StatusCode::kPermissionDenied;
}

Result<Deleted> delete_matching(Tree& tree, const Deletion& deletion, Watch& watch) {
  SKERRY_ASSIGN(const Entry directory, tree.find(deletion.path));
  if (!directory.is_directory()) return absl::FailedPreconditionError("Path is not a directory");
  Deleted deleted;
  Status failure;
  SKERRY_TRY(tree.walk(deletion.path, [&](const Entry& entry) {
    failure = watch.check();
    if (!failure.ok()) return Tree::Step::kStop;
    if (leads_out(tree, entry)) {
      deleted.skipped.push_back(entry.below);
    } else if (!entry.is_directory() && glob_matches(deletion.pattern, entry.name)) {
      deleted.paths.push_back(entry.below);
    }
    return deletion.depth == Depth::kAll ? Tree::Step::kOn : Tree::Step::kNotInto;
  }));
  SKERRY_TRY(failure);
  for (const std::string& path : deleted.paths) SKERRY_TRY(tree.remove(path));
  return deleted;
}

}  // namespace

Result<Deleted> delete_files(Tree& tree, const Deletion& deletion, Watch& watch) {
  Result<Deleted> deleted = Deleted();
  if (!deletion.pattern.empty()) {
    deleted = delete_matching(tree, deletion, watch);
  } else if (const Status done = delete_one(tree, deletion); done.ok()) {
    deleted->paths.push_back(deletion.path);
  } else {
    deleted = done;
  }
  if (deleted.status().code() == StatusCode::kNotFound) return Deleted();
  return deleted;
}

}  // namespace skerry::files
