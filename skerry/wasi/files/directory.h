// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "skerry/wasi/files/persistent_array.h"
#include "skerry/wasi/files/types.h"

namespace skerry::wasi {

/// One name in a directory. Immutable once it is in one.
struct Entry {
  std::string name;
  InodeNumber inode{};
  /// Position in the order of listing. Given when the name is made, never given twice in one
  /// directory, never below Directory::kFirstCookie: a listing that stops after it goes on with the
  /// next higher one, whatever has gone since.
  std::uint64_t cookie = 0;
};

/// The names of one directory. A copy is a few pointers; a look-up or change costs O(log n), also
/// with 100,000 names.
///
/// Knows nothing of inodes but their numbers. Owns its entries together with its copies. Confined
/// to one thread, all copies together.
class Directory {
 public:
  /// 0 and 1 are the places of "." and "..".
  static constexpr std::uint64_t kFirstCookie = 2;

  explicit Directory(InodeNumber parent) : parent_(parent) {}

  /// Null when there is none. Lasts until that name is changed or removed.
  const Entry* find(std::string_view name) const;

  /// Adds a name that is not there.
  void add(std::string_view name, InodeNumber inode);
  /// As `add`, at a given place: for entries that come from storage. The cookie must be free.
  void add_at(std::uint64_t cookie, std::string_view name, InodeNumber inode);
  /// Gives a name that is there to another inode. It keeps its place.
  void replace(std::string_view name, InodeNumber inode);
  /// Removes a name that is there.
  void remove(std::string_view name);

  std::uint64_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }

  /// Calls `visit(entry)` in order of cookie from `cookie` on, until it returns false.
  template <typename Visit>
  void visit_from(std::uint64_t cookie, Visit&& visit) const {
    order_.visit_from(cookie, [&](std::uint64_t, const Entry& entry) { return visit(entry); });
  }
  bool has_cookie(std::uint64_t cookie) const { return order_.find(cookie) != nullptr; }

  InodeNumber parent() const { return parent_; }
  void set_parent(InodeNumber parent) { parent_ = parent; }

  /// How many of the names are directories. Kept by the file system.
  std::uint64_t subdirectories = 0;

  std::uint64_t next_cookie() const { return next_cookie_; }
  void set_next_cookie(std::uint64_t cookie) { next_cookie_ = cookie; }

 private:
  struct Node;
  friend struct NameTree;  // the balancing, in directory.cc

  InodeNumber parent_;
  std::uint64_t next_cookie_ = kFirstCookie;
  std::uint64_t size_ = 0;
  std::shared_ptr<Node> names_;  // an AVL tree by name, its nodes shared between copies
  PersistentArray<Entry> order_;
};

}  // namespace skerry::wasi
