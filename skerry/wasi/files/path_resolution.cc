// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/path_resolution.h"

#include <algorithm>

#include "skerry/base/status.h"
#include "skerry/base/utf8.h"

#include "absl/container/inlined_vector.h"

namespace skerry::wasi {
namespace {

/// What is left of a path: itself, and on top of it the targets of links met on the way, the
/// innermost last. Nothing is joined, so nothing is allocated until links nest deeper than eight.
class Remainder {
 public:
  explicit Remainder(std::string_view path) : parts_{path} {}

  void follow(std::string_view target) {
    drop_ended();
    parts_.push_back(target);
  }

  /// The next part, without slashes; empty at the end.
  std::string_view next() {
    for (;;) {
      if (parts_.empty()) return {};
      std::string_view& top = parts_.back();
      top.remove_prefix(std::min(top.find_first_not_of('/'), top.size()));
      if (!top.empty()) break;
      parts_.pop_back();
    }
    std::string_view& top = parts_.back();
    const std::string_view part = top.substr(0, top.find('/'));
    top.remove_prefix(part.size());
    return part;
  }

  bool is_at_end() const {
    for (const std::string_view part : parts_) {
      if (part.find_first_not_of('/') != part.npos) return false;
    }
    return true;
  }

  /// Only at the end: whether a slash came after the last part.
  bool has_slash() const {
    for (const std::string_view part : parts_) {
      if (!part.empty()) return true;
    }
    return false;
  }

 private:
  void drop_ended() {
    while (!parts_.empty() && parts_.back().empty()) parts_.pop_back();
  }
  absl::InlinedVector<std::string_view, 8> parts_;
};

bool follows_last(LastLink last_link, bool has_slash) {
  switch (last_link) {
    case LastLink::kFollow:
      return true;
    case LastLink::kFollowBeforeSlash:
      return has_slash;
    case LastLink::kFollowUnlessSlash:
      return !has_slash;
    case LastLink::kKeep:
      return false;
  }
  return false;
}

Errno check_path(const FileSystem& files, std::string_view path) {
  if (path.empty()) return Errno::kNoEnt;
  if (path.size() > files.quotas().path_length) return files.note_quota(QuotaKind::kPathLength);
  if (path.find('\0') != path.npos) return Errno::kInval;
  if (!is_utf8(path)) return Errno::kIlseq;
  return path.front() == '/' ? Errno::kPerm : Errno::kSuccess;
}

}  // namespace

OrErrno<ResolvedPath> resolve(const FileSystem& files, InodeNumber base, std::string_view path,
                              LastLink last_link, Searcher searcher) {
  SKERRY_ERRNO_TRY(check_path(files, path));
  const bool is_whole = base == FileSystem::kRoot && files.get(base).mode != 0;
  Remainder remainder(path);
  InodeNumber current = base;  // always a directory at or below `base`
  std::uint32_t followed = 0;
  for (;;) {
    const std::string_view part = remainder.next();
    if (searcher == Searcher::kGuest && !files.get(current).permits(kMaySearch))
      return Errno::kAcces;
    const bool is_last = remainder.is_at_end();
    if (part == "." || part == "..") {
      if (part.size() == 2) {
        if (current == base && !is_whole) return Errno::kPerm;
        current = files.get(current).directory()->parent();
      }
      if (is_last) return ResolvedPath{.name = part, .wants_directory = true, .inode = current};
      continue;
    }
    if (part.size() > files.quotas().name_length) return files.note_quota(QuotaKind::kNameLength);
    const Entry* entry = files.get(current).directory()->find(part);
    if (entry == nullptr) {
      if (!is_last) return Errno::kNoEnt;
      return ResolvedPath{.has_name = true,
                          .parent = current,
                          .name = part,
                          .wants_directory = remainder.has_slash(),
                          .inode = std::nullopt};
    }
    const Inode& inode = files.get(entry->inode);
    if (const SymbolicLink* link = inode.symlink()) {
      const bool follows = !is_last || follows_last(last_link, remainder.has_slash());
      if (follows) {
        if (++followed > files.quotas().symlinks_followed) {
          return files.note_quota(QuotaKind::kSymlinksFollowed);
        }
        if (link->target.front() == '/') {
          if (!is_whole) return Errno::kPerm;
          current = base;
        }
        remainder.follow(link->target);
        continue;
      }
    }
    if (is_last) {
      return ResolvedPath{.has_name = true,
                          .parent = current,
                          .name = part,
                          .wants_directory = remainder.has_slash(),
                          .inode = entry->inode};
    }
    if (inode.directory() == nullptr) return Errno::kNotDir;
    current = entry->inode;
  }
}

OrErrno<InodeNumber> resolve_existing(const FileSystem& files, InodeNumber base,
                                      std::string_view path, LastLink last_link) {
  SKERRY_ASSIGN(const ResolvedPath found, resolve(files, base, path, last_link));
  if (!found.inode.has_value()) return Errno::kNoEnt;
  if (found.wants_directory && files.get(*found.inode).directory() == nullptr)
    return Errno::kNotDir;
  return *found.inode;
}

}  // namespace skerry::wasi
