// SPDX-License-Identifier: Apache-2.0
// Checking a stored file system. Everything that the operations take for granted is established
// here.
#include <algorithm>
#include <string>
#include <utility>

#include "skerry/wasi/files/file_system.h"

namespace skerry::wasi {
namespace {

Status broken(std::string_view rule) {
  return absl::DataLossError("stored file system: " + std::string(rule));
}

}  // namespace

// One check after the other over the same tables.
// NOLINTNEXTLINE(readability-function-size)
Result<FileSystem> FileSystem::assemble(const Quotas& quotas, std::vector<StoredInode> inodes,
                                        InodeNumber next_inode,
                                        std::span<const InodeNumber> pinned) {
  FileSystem files(quotas);
  Tree& tree = *files.tree_;
  tree.inodes.clear();
  tree.used_inodes = inodes.size();
  tree.next_inode = static_cast<std::uint64_t>(next_inode);
  if (inodes.size() > quotas.inodes) return broken("more inodes than allowed");
  if (tree.next_inode > kMaxSerial) return broken("an inode number out of range");

  for (StoredInode& stored : inodes) {
    const auto number = static_cast<std::uint64_t>(stored.number);
    if (number == 0 || number >= tree.next_inode) return broken("an inode number out of range");
    if (tree.inodes.find(number) != nullptr) return broken("an inode number used twice");
    stored.inode.links = stored.number == kRoot ? 1 : 0;
    if (Directory* names = stored.inode.directory()) names->subdirectories = 0;
    if (const FileContent* content = stored.inode.file()) {
      const std::uint64_t limit = content->blob() == nullptr ? 0 : content->blob()->bytes.size();
      if (content->size() > std::max(quotas.file_size.value, limit))
        return broken("a file too large");
      tree.used_bytes += content->allocated();
      tree.used_size += content->own_size();
    }
    if (const SymbolicLink* link = stored.inode.symlink()) {
      if (link->target.empty() || link->target.size() > quotas.path_length ||
          link->target.find('\0') != std::string::npos) {
        return broken("a symbolic link without a fit target");
      }
      tree.used_bytes += link->target.size();
    }
    tree.inodes.put(number, std::make_shared<Inode>(std::move(stored.inode)));
  }
  // Sizes together are not checked: earlier versions stored more holes than the quota allows now.
  if (tree.used_bytes > quotas.file_bytes.value) return broken("more content than allowed");

  const Inode* root = files.find(kRoot);
  if (root == nullptr || root->directory() == nullptr) return broken("no root directory");
  if (root->directory()->parent() != kRoot) return broken("a root that lies elsewhere");

  // Level by level from the root: what is reached is a tree, because a directory with a second name
  // is refused.
  std::vector<InodeNumber> level = {kRoot};
  for (std::uint32_t depth = 0; !level.empty(); ++depth) {
    if (depth > quotas.depth) return broken("directories too deep");
    std::vector<InodeNumber> below;
    for (const InodeNumber number : level) {
      Status status = ok_status();
      std::uint64_t subdirectories = 0;
      files.get(number).directory()->visit_from(0, [&](const Entry& entry) {
        Inode* inode = files.find(entry.inode) == nullptr ? nullptr : &files.edit(entry.inode);
        if (++tree.used_entries > quotas.entries) {
          status = broken("more names than allowed");
        } else if (files.check_name(entry.name) != Errno::kSuccess) {
          status = broken("an unfit name");
        } else if (inode == nullptr) {
          status = broken("a name for nothing");
        } else if (Directory* names = inode->directory()) {
          if (inode->links != 0) status = broken("a directory with two names");
          if (names->parent() != number) status = broken("a directory that lies elsewhere");
          ++subdirectories;
          below.push_back(entry.inode);
        }
        if (inode != nullptr) ++inode->links;
        return status.ok();
      });
      SKERRY_TRY(status);
      files.edit(number).directory()->subdirectories = subdirectories;
    }
    level.swap(below);
  }

  for (const InodeNumber number : pinned) {
    if (files.find(number) == nullptr) return broken("an open file that does not exist");
    files.pin(number);
  }
  Status status = ok_status();
  files.visit_inodes([&](InodeNumber number, const Inode& inode) {
    if (inode.links != 0) return;
    if (inode.directory() != nullptr && !inode.directory()->is_empty()) {
      status = broken("names in a removed directory");
    } else if (std::find(pinned.begin(), pinned.end(), number) == pinned.end()) {
      status = broken("an inode without a name");
    }
  });
  SKERRY_TRY(status);
  files.last_quota_hit_.kind = QuotaKind::kNone;
  return files;
}

}  // namespace skerry::wasi
