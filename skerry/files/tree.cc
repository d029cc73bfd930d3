// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/tree.h"

#include <algorithm>
#include <utility>

#include "skerry/runtime/runtime.h"
#include "skerry/wasi/files/path_resolution.h"

namespace skerry::files {
namespace {

using wasi::Errno;
using wasi::FileSystem;
using wasi::InodeNumber;

bool is_own_name(std::string_view name) {
  return std::find(runtime::kOwnNames.begin(), runtime::kOwnNames.end(), name) !=
         runtime::kOwnNames.end();
}

Status no_file() { return absl::NotFoundError("No such file or directory"); }
Status not_a_directory() { return absl::FailedPreconditionError("Not a directory"); }
Status is_a_directory() { return absl::FailedPreconditionError("Is a directory"); }

std::string joined(const std::string& directory, std::string_view name) {
  return directory == "." ? std::string(name) : directory + "/" + std::string(name);
}

}  // namespace

Status Tree::status_of(Errno error) const {
  switch (error) {
    case Errno::kSuccess:
      return ok_status();
    case Errno::kNoEnt:
      return no_file();
    case Errno::kNotDir:
      return not_a_directory();
    case Errno::kIsDir:
      return is_a_directory();
    case Errno::kExist:
      return absl::AlreadyExistsError("File exists");
    case Errno::kNotEmpty:
      return absl::FailedPreconditionError("Directory not empty");
    case Errno::kLoop:
      return absl::FailedPreconditionError("Too many levels of symbolic links");
    case Errno::kPerm:
      return absl::PermissionDeniedError("Path escapes workspace");
    case Errno::kRofs:
      return absl::PermissionDeniedError("Read-only file: it belongs to the runtime");
    case Errno::kNameTooLong:
      return absl::InvalidArgumentError("File name too long");
    case Errno::kNoSpc:
    case Errno::kFbig:
      return absl::ResourceExhaustedError("No space left: the sandbox's quota of " +
                                          std::string(wasi::quota_name(files_.last_quota_hit())) +
                                          " is reached");
    default:
      return absl::InvalidArgumentError("Invalid argument (" +
                                        std::string(wasi::errno_name(error)) + ")");
  }
}

Entry Tree::entry_of(std::string name, std::string below, InodeNumber number) const {
  const wasi::Inode& inode = files_.get(number);
  return {.name = std::move(name),
          .below = std::move(below),
          .type = inode.type(),
          .size = inode.size(),
          .modified = inode.modified,
          .inode = number};
}

Result<Entry> Tree::find(const std::string& path) const {
  const auto found =
      wasi::resolve_existing(files_, FileSystem::kRoot, path, wasi::LastLink::kFollow);
  if (!found.ok()) return status_of(found.status());
  std::string name = path == "." ? std::string() : path.substr(path.rfind('/') + 1);
  return entry_of(std::move(name), path, *found);
}

Result<Entry> Tree::find_itself(const std::string& path) const {
  const auto found = wasi::resolve_existing(files_, FileSystem::kRoot, path, wasi::LastLink::kKeep);
  if (!found.ok()) return status_of(found.status());
  std::string name = path == "." ? std::string() : path.substr(path.rfind('/') + 1);
  return entry_of(std::move(name), path, *found);
}

std::string Tree::target_of(const Entry& link) const {
  const wasi::SymbolicLink* symlink = files_.get(link.inode).symlink();
  return symlink == nullptr ? std::string() : symlink->target;
}

bool Tree::belongs_to_runtime(InodeNumber directory, std::string_view name,
                              std::optional<InodeNumber> inode) const {
  return (directory == FileSystem::kRoot && is_own_name(name)) ||
         (inode && files_.get(*inode).is_unlisted);
}

std::vector<Entry> Tree::entries_of(InodeNumber directory) const {
  std::vector<Entry> entries;
  const wasi::Directory* names = files_.get(directory).directory();
  if (names == nullptr) return entries;
  names->visit_from(0, [&](const wasi::Entry& entry) {
    if (!belongs_to_runtime(directory, entry.name, entry.inode)) {
      entries.push_back(entry_of(entry.name, {}, entry.inode));
    }
    return true;
  });
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Result<std::vector<Entry>> Tree::list(const std::string& path) const {
  SKERRY_ASSIGN(const Entry directory, find(path));
  if (!directory.is_directory()) return not_a_directory();
  return entries_of(directory.inode);
}

bool Tree::is_empty(const Entry& directory) const {
  bool is_empty = true;
  const wasi::Directory* names = files_.get(directory.inode).directory();
  if (names == nullptr) return is_empty;
  names->visit_from(0, [&](const wasi::Entry& entry) {
    is_empty = belongs_to_runtime(directory.inode, entry.name, entry.inode);
    return is_empty;
  });
  return is_empty;
}

// With a stack of its own rather than recursion: one list of names for each directory on the way.
Status Tree::walk(const std::string& path, Deadline& deadline, const Visit& visit) const {
  SKERRY_ASSIGN(const Entry start, find(path));
  if (!start.is_directory()) return not_a_directory();
  struct Level {
    std::string path;
    std::vector<Entry> entries;
    std::size_t next = 0;
  };
  std::vector<Level> levels;
  levels.push_back({.path = path, .entries = entries_of(start.inode)});
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next == level.entries.size()) {
      levels.pop_back();
      continue;
    }
    SKERRY_TRY(deadline.check());
    Entry entry = std::move(level.entries[level.next++]);
    entry.below = joined(level.path, entry.name);
    SKERRY_ASSIGN(const Step step, visit(entry));
    if (step == Step::kStop) break;
    if (step == Step::kNotInto || !entry.is_directory()) continue;
    SKERRY_TRY(deadline.check_now());  // a directory may be large
    auto entries = entries_of(entry.inode);
    levels.push_back({.path = std::move(entry.below), .entries = std::move(entries)});
  }
  return ok_status();
}

Result<std::string> Tree::read(const std::string& path, ByteSize most) const {
  SKERRY_ASSIGN(const Entry file, find(path));
  if (file.is_directory()) return is_a_directory();
  if (file.size > most.value) {
    return absl::FailedPreconditionError("File too large: " + std::to_string(file.size) +
                                         " bytes (max " + std::to_string(most.value) + ")");
  }
  std::string content(file.size, '\0');
  content.resize(read_at(file, 0, std::as_writable_bytes(std::span(content))));
  return content;
}

std::size_t Tree::read_at(const Entry& file, std::uint64_t offset,
                          std::span<std::byte> room) const {
  return files_.read(file.inode, offset, room);
}

Result<Tree::ResolvedPath> Tree::place_of(const std::string& path, LastLink last) const {
  const auto found = wasi::resolve(
      files_, FileSystem::kRoot, path,
      last == LastLink::kFollowed ? wasi::LastLink::kFollowUnlessSlash : wasi::LastLink::kKeep);
  if (!found.ok()) return status_of(found.status());
  if (!found->has_name) return is_a_directory();
  if (belongs_to_runtime(found->parent, found->name, found->inode)) {
    return absl::PermissionDeniedError("\"" + std::string(found->name) +
                                       "\" belongs to the runtime");
  }
  ResolvedPath place{.parent = found->parent, .name = std::string(found->name)};
  if (found->inode) {
    place.number = *found->inode;
    place.inode = files_.find(place.number);
  }
  return place;
}

Status Tree::write(const std::string& path, std::string_view bytes, Writing how) {
  SKERRY_ASSIGN(ResolvedPath place, place_of(path, LastLink::kFollowed));
  if (place.inode == nullptr) {
    const auto made = files_.create_file(place.parent, place.name, now_);
    if (!made.ok()) return status_of(made.status());
    place.number = *made;
  } else if (place.inode->file() == nullptr) {
    return is_a_directory();
  } else if (how == Writing::kReplace) {
    SKERRY_TRY(status_of(files_.set_size(place.number, 0, now_)));
  }
  return write_at(place.number, files_.get(place.number).size(), bytes);
}

Status Tree::write_at(InodeNumber file, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return ok_status();
  const auto written = files_.write(file, offset, as_bytes(bytes), now_);
  if (!written.ok()) return status_of(written.status());
  return *written == bytes.size() ? ok_status() : status_of(Errno::kNoSpc);
}

Status Tree::copy_from(const Tree& other, const Entry& file, const std::string& path,
                       Deadline& deadline) {
  // Emptied, it would have nothing to be copied from.
  if (const auto there = find(path);
      &other.files_ == &files_ && there.ok() && there->inode == file.inode) {
    return absl::FailedPreconditionError("source and target are the same file");
  }
  SKERRY_TRY(write(path, "", Writing::kReplace));
  SKERRY_ASSIGN(const Entry copy, find(path));
  std::string piece(kPiece, '\0');
  for (std::uint64_t offset = 0; offset < file.size;) {
    SKERRY_TRY(deadline.check(kPiece));
    const std::size_t size = other.read_at(file, offset, std::as_writable_bytes(std::span(piece)));
    if (size == 0) break;
    const std::string_view bytes = std::string_view(piece).substr(0, size);
    if (bytes.find_first_not_of('\0') != bytes.npos)
      SKERRY_TRY(write_at(copy.inode, offset, bytes));
    offset += size;
  }
  return status_of(files_.set_size(copy.inode, file.size, now_));
}

Status Tree::make_directory(const std::string& path) {
  const auto place = place_of(path, LastLink::kKept);
  if (!place.ok()) {
    return place.status().code() == StatusCode::kFailedPrecondition && find(path).ok()
               ? status_of(Errno::kExist)
               : place.status();
  }
  return status_of(files_.create_directory(place->parent, place->name, now_).status());
}

Status Tree::make_directories(const std::string& path) {
  for (std::size_t slash = 0; slash != path.npos;) {
    slash = path.find('/', slash == 0 ? 0 : slash + 1);
    const std::string above = path.substr(0, slash);
    const auto found = find(above);
    if (found.ok()) {
      if (!found->is_directory()) return not_a_directory();
      continue;
    }
    if (found.status().code() != StatusCode::kNotFound) return found.status();
    SKERRY_TRY(make_directory(above));
  }
  return ok_status();
}

Status Tree::remove_entry(InodeNumber parent, const std::string& name, wasi::FileType type) {
  return status_of(type == wasi::FileType::kDirectory ? files_.remove_directory(parent, name, now_)
                                                      : files_.unlink(parent, name, now_));
}

Status Tree::remove(const std::string& path) {
  SKERRY_ASSIGN(const ResolvedPath place, place_of(path, LastLink::kKept));
  if (place.inode == nullptr) return no_file();
  return remove_entry(place.parent, place.name, place.inode->type());
}

// By numbers rather than paths, and without a list of all that goes.
Status Tree::remove_all(const std::string& path, Deadline& deadline) {
  SKERRY_ASSIGN(const ResolvedPath place, place_of(path, LastLink::kKept));
  if (place.inode == nullptr) return no_file();
  struct Level {
    InodeNumber parent{};
    Entry directory;
    std::vector<Entry> entries;
  };
  std::vector<Level> levels;
  if (place.inode->directory() != nullptr) {
    levels.push_back({.parent = place.parent,
                      .directory = entry_of(place.name, {}, place.number),
                      .entries = entries_of(place.number)});
  } else {
    SKERRY_TRY(remove_entry(place.parent, place.name, place.inode->type()));
  }
  while (!levels.empty()) {
    SKERRY_TRY(deadline.check());
    Level& level = levels.back();
    if (level.entries.empty()) {
      SKERRY_TRY(remove_entry(level.parent, level.directory.name, level.directory.type));
      levels.pop_back();
      continue;
    }
    Entry entry = std::move(level.entries.back());
    level.entries.pop_back();
    const InodeNumber parent = level.directory.inode;
    if (entry.is_directory()) {
      auto entries = entries_of(entry.inode);
      levels.push_back(
          {.parent = parent, .directory = std::move(entry), .entries = std::move(entries)});
    } else {
      SKERRY_TRY(remove_entry(parent, entry.name, entry.type));
    }
  }
  return ok_status();
}

Status Tree::rename(const std::string& from, const std::string& to) {
  SKERRY_ASSIGN(const ResolvedPath old_place, place_of(from, LastLink::kKept));
  if (old_place.inode == nullptr) return no_file();
  SKERRY_ASSIGN(const ResolvedPath new_place, place_of(to, LastLink::kKept));
  return status_of(
      files_.rename(old_place.parent, old_place.name, new_place.parent, new_place.name, now_));
}

Status Tree::link_to(std::string_view target, const std::string& path) {
  SKERRY_ASSIGN(const ResolvedPath place, place_of(path, LastLink::kKept));
  return status_of(files_.create_symlink(place.parent, place.name, target, now_).status());
}

Status Tree::touch(const std::string& path) {
  const auto found = find(path);
  if (!found.ok()) {
    return found.status().code() == StatusCode::kNotFound ? write(path, "", Writing::kAppend)
                                                          : found.status();
  }
  return status_of(files_.set_times(found->inode, {.accessed = &now_, .modified = &now_}, now_));
}

std::uint64_t Tree::size(const FileSystem* base) const {
  std::uint64_t size = 0;
  files_.visit_inodes([&](InodeNumber number, const wasi::Inode& inode) {
    if (inode.file() == nullptr || inode.access == wasi::Access::kReadOnly) return;
    const wasi::Inode* before = base == nullptr ? nullptr : base->find(number);
    const bool is_templates =
        before != nullptr && before->file() != nullptr && inode.file()->equals(*before->file());
    if (!is_templates) size += inode.size();
  });
  return size;
}

}  // namespace skerry::files
