// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/file_path.h"
#include "skerry/wasi/files/file_system.h"

namespace skerry::files {

/// What clients see of one file, directory or link.
struct Entry {
  std::string name;   ///< empty for a root
  std::string below;  ///< its path from the tree's root on; empty in what `list` gives
  wasi::FileType type = wasi::FileType::kUnknown;
  std::uint64_t size = 0;  ///< bytes of a file, or of a link's target
  wasi::Nanoseconds modified{};
  wasi::InodeNumber inode{};

  bool is_file() const { return type == wasi::FileType::kRegularFile; }
  bool is_directory() const { return type == wasi::FileType::kDirectory; }
  bool is_link() const { return type == wasi::FileType::kSymbolicLink; }
  bool is_hidden() const { return name.starts_with('.'); }
};

/// A guest's files as its clients work with them: by path below the root, under the same rules as
/// the guest itself. Links are followed within the root, never out of it. What the runtime keeps in
/// the root (`tmp`, `usr`, `workspace`) is not listed, and stays where it is.
///
/// Paths are `FilePath::below`. Errors, whose messages do not name the path: kNotFound;
/// kFailedPrecondition when something is no directory, is one, is not empty or is a loop of links;
/// kAlreadyExists; kPermissionDenied for what leads out of the root or may not be changed;
/// kResourceExhausted at a quota of the file system's. What fails may be done in part. Where a
/// deadline is given, also kDeadlineExceeded.
///
/// Memory stays within a small multiple of the names on the way from the root to where a walk is,
/// and of a file's `kPiece`, but for `read`. Borrows the file system. Confined to one thread.
class Tree {
 public:
  /// Bytes of a file that are copied at a time: what one of its chunks has.
  static constexpr std::size_t kPiece = std::size_t{64} << 10;

  /// `now` is the time that changes get.
  Tree(wasi::FileSystem& files, wasi::Nanoseconds now) : files_(files), now_(now) {}

  Result<Entry> find(const std::string& path) const;
  /// A link at the end is meant itself.
  Result<Entry> find_itself(const std::string& path) const;
  /// Where a link points, untrusted.
  std::string target_of(const Entry& link) const;

  /// What a directory holds, by name.
  Result<std::vector<Entry>> list(const std::string& path) const;
  bool is_empty(const Entry& directory) const;

  enum class Step { kOn, kNotInto, kStop };
  using Visit = std::function<Result<Step>(const Entry&)>;
  /// Visits all below a directory, each before what is in it, by name. No link is followed. What is
  /// visited may be removed; a visit that fails ends the walk with its status.
  Status walk(const std::string& path, Deadline& deadline, const Visit& visit) const;

  /// All bytes of a file. kFailedPrecondition when it is larger than `most`.
  Result<std::string> read(const std::string& path, ByteSize most) const;
  /// Copies bytes of a file that `find` or `walk` gave, from `offset` on. Returns how many: fewer
  /// than there is room for at the file's end only.
  std::size_t read_at(const Entry& file, std::uint64_t offset, std::span<std::byte> room) const;

  enum class Writing { kReplace, kAppend };
  /// Writes a file, which is made if it is not there; its directory must be.
  Status write(const std::string& path, std::string_view bytes, Writing how);
  Status make_directory(const std::string& path);
  /// With those on the way to it; one that is there already is well.
  Status make_directories(const std::string& path);
  /// A file, a link itself or an empty directory.
  Status remove(const std::string& path);
  /// The same with all that is in it.
  Status remove_all(const std::string& path, Deadline& deadline);
  /// Makes `path` a copy of a file of the same or another tree. Stretches of zeros become holes.
  Status copy_from(const Tree& other, const Entry& file, const std::string& path,
                   Deadline& deadline);
  /// As rename(2) does.
  Status rename(const std::string& from, const std::string& to);
  Status link_to(std::string_view target, const std::string& path);
  /// Makes an empty file, or gives what is there a new time.
  Status touch(const std::string& path);

  /// Bytes of all files that are not the runtime's, nor still as they are in `base`, the template's
  /// (null: none): what the quotas of clients count.
  std::uint64_t size(const wasi::FileSystem* base = nullptr) const;

 private:
  /// A name that is to be made, changed or removed.
  struct ResolvedPath {
    wasi::InodeNumber parent{};
    std::string name;
    const wasi::Inode* inode = nullptr;  ///< null when there is none yet
    wasi::InodeNumber number{};
  };
  enum class LastLink { kFollowed, kKept };
  Result<ResolvedPath> place_of(const std::string& path, LastLink last) const;
  Status write_at(wasi::InodeNumber file, std::uint64_t offset, std::string_view bytes);
  bool belongs_to_runtime(wasi::InodeNumber directory, std::string_view name,
                          std::optional<wasi::InodeNumber> inode) const;
  std::vector<Entry> entries_of(wasi::InodeNumber directory) const;
  Status remove_entry(wasi::InodeNumber parent, const std::string& name, wasi::FileType type);
  Entry entry_of(std::string name, std::string below, wasi::InodeNumber number) const;
  Status status_of(wasi::Errno error) const;

  wasi::FileSystem& files_;
  wasi::Nanoseconds now_;
};

/// Where clients' paths lead into.
class Trees {
 public:
  Trees() = default;
  Trees(const Trees&) = delete;
  Trees& operator=(const Trees&) = delete;
  virtual ~Trees() = default;
  /// Lasts as long as this does. kPermissionDenied when the caller may not see it; other failures
  /// end what is being done.
  virtual Result<Tree*> tree(FilePath::Root root) = 0;
};

}  // namespace skerry::files
