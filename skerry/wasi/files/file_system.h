// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/wasi/files/errno.h"
#include "skerry/wasi/files/inode.h"
#include "skerry/wasi/files/persistent_array.h"
#include "skerry/wasi/files/quotas.h"

namespace skerry::wasi {

/// A guest's whole file system: a table of inodes by number, in memory, no file of the host's
/// behind it.
///
/// A value: a copy is a snapshot and costs one pointer, assigning one back is a reset. What two
/// copies share is never written; what one alone holds is written in place. Giving up a value frees
/// what it alone held, which takes about 0.1 µs for each inode: a reset on a hot path moves the old
/// value aside and drops it later.
///
/// Operations take inode numbers and single names, and follow POSIX; paths are
/// `path_resolution.h`'s business, a host's by-path view is `host_files.h`. They change nothing
/// when they fail. Every number must name a live inode, and every `directory` a directory, unless
/// said otherwise; names must have passed `check_name`. What a quota stops is noted for the host
/// (`last_quota_hit`). A read-only inode answers `rofs` to every change, of its place as well.
///
/// Owns its tree together with its copies, keeps blobs alive. Confined to one thread, all copies
/// together.
class FileSystem {
 public:
  /// An empty root directory.
  explicit FileSystem(const Quotas& quotas = {}, Nanoseconds now = {});

  static constexpr InodeNumber kRoot{1};
  static constexpr Mode kUsualUmask = 022;

  /// Inode numbers and cookies stay below: a million creations a second for 19 hours. The highest
  /// number bounds what a stored state can cost in tree nodes. Beyond: `nospc`.
  static constexpr std::uint64_t kMaxSerial = std::uint64_t{1} << 36;

  const Quotas& quotas() const { return tree_->quotas; }
  /// The limits count from the next change on; what is above them already stays.
  void set_quotas(const Quotas& quotas);

  /// Null when there is none. Lasts until the file system is next changed.
  const Inode* find(InodeNumber number) const;
  /// An inode that must exist.
  const Inode& get(InodeNumber number) const;

  /// Success when a name can be one: not empty, "." or "..", without '/' and NUL, UTF-8, within the
  /// quota.
  Errno check_name(std::string_view name) const;
  /// Directories between the root and this one.
  std::uint32_t depth(InodeNumber directory) const;

  OrErrno<InodeNumber> create_file(InodeNumber directory, std::string_view name, Nanoseconds now);
  OrErrno<InodeNumber> create_directory(InodeNumber directory, std::string_view name,
                                        Nanoseconds now);
  OrErrno<InodeNumber> create_symlink(InodeNumber directory, std::string_view name,
                                      std::string_view target, Nanoseconds now);
  OrErrno<InodeNumber> create_device(InodeNumber directory, std::string_view name, Device device,
                                     Nanoseconds now);
  Errno link(InodeNumber target, InodeNumber directory, std::string_view name, Nanoseconds now);
  Errno unlink(InodeNumber directory, std::string_view name, Nanoseconds now);
  Errno remove_directory(InodeNumber directory, std::string_view name, Nanoseconds now);
  Errno rename(InodeNumber from, std::string_view old_name, InodeNumber to,
               std::string_view new_name, Nanoseconds now);

  /// Of a regular file; 0 of anything else. Bytes copied: fewer than asked for only at the end.
  std::size_t read(InodeNumber file, std::uint64_t offset, std::span<std::byte> out) const;
  /// To a regular file. Bytes written: fewer than given when a quota allows no more; an error when
  /// it allows none.
  OrErrno<std::size_t> write(InodeNumber file, std::uint64_t offset, std::span<const std::byte> in,
                             Nanoseconds now);
  Errno set_size(InodeNumber file, std::uint64_t size, Nanoseconds now);
  Errno allocate(InodeNumber file, std::uint64_t offset, std::uint64_t length, Nanoseconds now);
  /// Kept as it is where none is given.
  struct Times {
    const Nanoseconds* accessed = nullptr;
    const Nanoseconds* modified = nullptr;
  };
  Errno set_times(InodeNumber number, Times times, Nanoseconds now);
  /// The permissions of an inode that has a mode; `notsup` of one that has none.
  Errno set_permissions(InodeNumber number, Mode permissions, Nanoseconds now);

  /// Permissions that files and directories are made without. Default: those of others to write.
  Mode umask() const { return tree_->umask; }
  void set_umask(Mode umask);

  /// Keeps an inode alive without a name, as an open descriptor does. Pins are counted.
  void pin(InodeNumber number);
  void unpin(InodeNumber number);

  /// Which limit last stopped the guest in this file system, or in the calls around it
  /// (`note_quota`). Not part of the value that a snapshot stands for: copies start without one.
  QuotaKind last_quota_hit() const { return last_quota_hit_.kind; }
  /// Notes the limit and returns the errno that goes with it.
  Errno note_quota(QuotaKind kind) const;

  /// Bytes of Quotas::file_bytes and of Quotas::total_size, inodes and entries in use.
  std::uint64_t used_bytes() const { return tree_->used_bytes; }
  std::uint64_t used_size() const { return tree_->used_size; }
  std::uint64_t used_inodes() const { return tree_->used_inodes; }
  std::uint64_t used_entries() const { return tree_->used_entries; }

  /// Whether both are one snapshot, unchanged since: equal for certain. The other way round does
  /// not hold.
  bool is_same_as(const FileSystem& other) const { return tree_ == other.tree_; }
  /// Whether nothing but pins differs for certain.
  bool has_same_inodes_as(const FileSystem& other) const {
    return tree_->inodes.is_same_as(other.tree_->inodes);
  }

  // What the host does, whoever may change what: quotas hold, read-only marks do not.

  void set_access(InodeNumber number, Access access);
  void set_mode(InodeNumber number, Mode mode);
  void set_unlisted(InodeNumber number);
  /// Makes a blob the content of a regular file.
  void set_blob(InodeNumber file, std::shared_ptr<const Blob> blob);

  // Storage.

  /// Calls `visit(InodeNumber, const Inode&)` in order of number.
  template <typename Visit>
  void visit_inodes(Visit&& visit) const {
    tree_->inodes.visit_from(0, [&](std::uint64_t number, const Inode& inode) {
      visit(InodeNumber{number}, inode);
      return true;
    });
  }
  InodeNumber next_inode() const { return InodeNumber{tree_->next_inode}; }

  /// An inode as it came from storage. `links` and a directory's `subdirectories` are worked out
  /// anew.
  struct StoredInode {
    InodeNumber number{};
    Inode inode;
  };
  /// A file system of stored inodes that nobody vouches for, `pinned` alive without a name.
  /// kDataLoss, with the rule that is broken, unless they form one tree within the quotas.
  static Result<FileSystem> assemble(const Quotas& quotas, std::vector<StoredInode> inodes,
                                     InodeNumber next_inode, std::span<const InodeNumber> pinned);

 private:
  struct Pin {
    InodeNumber number{};
    std::uint32_t count = 0;
  };
  struct Tree {
    Quotas quotas;
    Mode umask = kUsualUmask;
    PersistentArray<Inode> inodes;
    std::uint64_t next_inode = 1;
    std::uint64_t used_inodes = 0;
    std::uint64_t used_entries = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t used_size = 0;
    std::vector<Pin> pins;  // as few as open descriptors, so searched from end to end
  };
  /// A note to the host that copying leaves behind.
  struct QuotaNote {
    QuotaNote() = default;
    QuotaNote(const QuotaNote&) {}
    QuotaNote& operator=(const QuotaNote&) {
      kind = QuotaKind::kNone;
      return *this;
    }
    QuotaKind kind = QuotaKind::kNone;
  };

  Tree& own();
  Inode& edit(InodeNumber number);
  Errno check_can_add(InodeNumber directory) const;
  Errno check_movable(InodeNumber from, InodeNumber moved, InodeNumber to,
                      const Entry* replaced) const;
  std::uint32_t height(InodeNumber directory, std::uint32_t limit) const;
  OrErrno<InodeNumber> create(InodeNumber directory, std::string_view name, Inode inode,
                              Nanoseconds now);
  void drop_link(InodeNumber number, Nanoseconds now);
  void free_if_unused(InodeNumber number);
  std::uint64_t budget() const;
  std::uint64_t max_size(InodeNumber file) const;
  /// Calls `change(Inode&, FileContent&)`, and keeps the accounts right.
  template <typename Change>
  void change_content(InodeNumber file, const Change& change);

  std::shared_ptr<Tree> tree_;
  mutable QuotaNote last_quota_hit_;
};

}  // namespace skerry::wasi
