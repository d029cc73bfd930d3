// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/changes.h"

#include <algorithm>
#include <utility>

namespace skerry::wasi {
namespace {

/// Two inodes that have, or had, one path; null where there is none. Which pairs are looked at is a
/// list, not recursion: trees are the guest's.
struct Pair {
  std::string path;
  InodeNumber inode{};  // of `after`, if that is there
  const Inode* before = nullptr;
  const Inode* after = nullptr;
};

const Directory* directory_of(const Inode* inode) {
  return inode == nullptr ? nullptr : inode->directory();
}

bool has_same_body(const Inode& before, const Inode& after) {
  if (&before == &after) return true;
  if (before.file() != nullptr)
    return before.mode == after.mode && before.file()->equals(*after.file());
  if (before.symlink() == nullptr) return true;
  return before.symlink()->target == after.symlink()->target;
}

class Comparison {
 public:
  Comparison(const FileSystem& before, const FileSystem& after, const ChangeLimits& limits)
      : before_(before), after_(after), limits_(limits) {}

  Result<std::vector<Change>> run() {
    open("", FileSystem::kRoot, before_.find(FileSystem::kRoot), after_.find(FileSystem::kRoot));
    while (!open_.empty()) {
      const Pair pair = std::move(open_.back());
      open_.pop_back();
      path_bytes_ -= pair.path.size();
      add_changes(pair);
      open_children(pair);
      SKERRY_TRY(check_limits());
    }
    // A path that is there twice was deleted first.
    std::ranges::sort(changes_, [](const Change& a, const Change& b) {
      const int order = a.path.compare(b.path);
      return order != 0 ? order < 0 : a.kind > b.kind;
    });
    return std::move(changes_);
  }

 private:
  Status check_limits() const {
    if (changes_.size() > limits_.count) {
      return absl::ResourceExhaustedError("more than " + std::to_string(limits_.count) +
                                          " changed paths");
    }
    if (path_bytes_ > limits_.path_bytes) {
      return absl::ResourceExhaustedError("changed paths of more than " +
                                          std::to_string(limits_.path_bytes) + " bytes together");
    }
    return ok_status();
  }

  void add_changes(const Pair& pair) {
    const bool both = pair.before != nullptr && pair.after != nullptr;
    const bool same_type = both && pair.before->type() == pair.after->type();
    if (same_type) {
      if (!has_same_body(*pair.before, *pair.after)) add(Change::Kind::kModified, pair);
      return;
    }
    if (pair.before != nullptr) add(Change::Kind::kDeleted, pair);
    if (pair.after != nullptr) add(Change::Kind::kCreated, pair);
  }

  void add(Change::Kind kind, const Pair& pair) {
    const bool is_deleted = kind == Change::Kind::kDeleted;
    const Inode& inode = is_deleted ? *pair.before : *pair.after;
    path_bytes_ += pair.path.size();
    changes_.push_back({.kind = kind,
                        .path = pair.path,
                        .type = inode.type(),
                        .size = is_deleted || inode.file() == nullptr ? 0 : inode.size(),
                        .inode = is_deleted ? InodeNumber{} : pair.inode});
  }

  /// False when there is no room for more paths.
  bool open(std::string path, InodeNumber number, const Inode* before, const Inode* after) {
    path_bytes_ += path.size();
    open_.push_back({std::move(path), number, before, after});
    return path_bytes_ <= limits_.path_bytes;
  }

  void open_children(const Pair& pair) {
    const Directory* before = directory_of(pair.before);
    const Directory* after = directory_of(pair.after);
    if (after != nullptr) {
      after->visit_from(0, [&](const Entry& entry) {
        const Entry* old = before == nullptr ? nullptr : before->find(entry.name);
        const Inode* was = old == nullptr ? nullptr : before_.find(old->inode);
        const Inode* is = after_.find(entry.inode);
        // An unchanged file is the same object in both; a directory may be, with other things in
        // it.
        if (was == is && is->directory() == nullptr) return true;
        return open(pair.path + "/" + entry.name, entry.inode, was, is);
      });
    }
    if (before != nullptr) {
      before->visit_from(0, [&](const Entry& entry) {
        if (after != nullptr && after->find(entry.name) != nullptr) return true;
        return open(pair.path + "/" + entry.name, entry.inode, before_.find(entry.inode), nullptr);
      });
    }
  }

  const FileSystem& before_;
  const FileSystem& after_;
  ChangeLimits limits_;
  std::vector<Pair> open_;
  std::vector<Change> changes_;
  std::size_t path_bytes_ = 0;  // held in both lists
};

}  // namespace

Result<std::vector<Change>> changes_since(const FileSystem& before, const FileSystem& after,
                                          const ChangeLimits& limits) {
  if (before.is_same_as(after) || before.has_same_inodes_as(after)) return std::vector<Change>();
  return Comparison(before, after, limits).run();
}

}  // namespace skerry::wasi
