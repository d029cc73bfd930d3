// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/changes.h"

#include <algorithm>
#include <utility>

namespace skerry::wasi {
namespace {

/// Two inodes that have, or had, one path; null where there is none. Which pairs are looked at is a
/// list, not recursion: trees are the guest's.
struct Pair {
  std::string path;
  const Inode* before = nullptr;
  const Inode* after = nullptr;
};

const Directory* directory_of(const Inode* inode) {
  return inode == nullptr ? nullptr : inode->directory();
}

bool has_same_body(const Inode& before, const Inode& after) {
  if (&before == &after) return true;
  if (before.file() != nullptr) return before.file()->equals(*after.file());
  if (before.symlink() != nullptr) return before.symlink()->target == after.symlink()->target;
  return true;
}

class Comparison {
 public:
  Comparison(const FileSystem& before, const FileSystem& after, std::size_t limit)
      : before_(before), after_(after), limit_(limit) {}

  Result<std::vector<Change>> run() {
    std::vector<Pair> open = {
        {"", before_.find(FileSystem::kRoot), after_.find(FileSystem::kRoot)}};
    while (!open.empty()) {
      const Pair pair = std::move(open.back());
      open.pop_back();
      add_changes(pair);
      if (changes_.size() > limit_) {
        return absl::ResourceExhaustedError("more than " + std::to_string(limit_) +
                                            " changed paths");
      }
      add_children(pair, open);
    }
    // A path that is there twice was deleted first.
    std::ranges::sort(changes_, [](const Change& a, const Change& b) {
      const int order = a.path.compare(b.path);
      return order != 0 ? order < 0 : a.kind > b.kind;
    });
    return std::move(changes_);
  }

 private:
  void add_changes(const Pair& pair) {
    const bool both = pair.before != nullptr && pair.after != nullptr;
    const bool same_type = both && pair.before->type() == pair.after->type();
    if (same_type) {
      if (!has_same_body(*pair.before, *pair.after))
        add(Change::Kind::kModified, pair.path, *pair.after);
      return;
    }
    if (pair.before != nullptr) {
      changes_.push_back({Change::Kind::kDeleted, pair.path, pair.before->type(), 0});
    }
    if (pair.after != nullptr) add(Change::Kind::kCreated, pair.path, *pair.after);
  }

  void add(Change::Kind kind, const std::string& path, const Inode& inode) {
    changes_.push_back({kind, path, inode.type(), inode.file() == nullptr ? 0 : inode.size()});
  }

  void add_children(const Pair& pair, std::vector<Pair>& open) const {
    const Directory* before = directory_of(pair.before);
    const Directory* after = directory_of(pair.after);
    if (after != nullptr) {
      after->visit_from(0, [&](const Entry& entry) {
        const Entry* old = before == nullptr ? nullptr : before->find(entry.name);
        const Inode* was = old == nullptr ? nullptr : before_.find(old->inode);
        const Inode* is = after_.find(entry.inode);
        // An unchanged file is the same object in both; a directory may be, with other things in
        // it.
        if (was != is || is->directory() != nullptr)
          open.push_back({pair.path + "/" + entry.name, was, is});
        return true;
      });
    }
    if (before != nullptr) {
      before->visit_from(0, [&](const Entry& entry) {
        if (after == nullptr || after->find(entry.name) == nullptr) {
          open.push_back({pair.path + "/" + entry.name, before_.find(entry.inode), nullptr});
        }
        return true;
      });
    }
  }

  const FileSystem& before_;
  const FileSystem& after_;
  std::size_t limit_;
  std::vector<Change> changes_;
};

}  // namespace

Result<std::vector<Change>> changes_since(const FileSystem& before, const FileSystem& after,
                                          std::size_t limit) {
  if (before.is_same_as(after) || before.has_same_inodes_as(after)) return std::vector<Change>();
  return Comparison(before, after, limit).run();
}

}  // namespace skerry::wasi
