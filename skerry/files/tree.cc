// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/tree.h"

#include <algorithm>
#include <span>
#include <utility>

#include "skerry/runtime/installation.h"
#include "skerry/wasi/path_resolution.h"

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

Result<std::vector<Entry>> Tree::list(const std::string& path) const {
  SKERRY_ASSIGN(const Entry directory, find(path));
  const wasi::Directory* names = files_.get(directory.inode).directory();
  if (names == nullptr) return not_a_directory();
  std::vector<Entry> entries;
  names->visit_from(0, [&](const wasi::Entry& entry) {
    if (directory.inode != FileSystem::kRoot || !is_own_name(entry.name)) {
      entries.push_back(entry_of(entry.name, joined(path, entry.name), entry.inode));
    }
    return true;
  });
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

// With a list of its own rather than recursion.
Status Tree::walk(const std::string& path, const std::function<Step(const Entry&)>& visit) const {
  SKERRY_ASSIGN(auto waiting, list(path));
  std::ranges::reverse(waiting);
  while (!waiting.empty()) {
    const Entry entry = std::move(waiting.back());
    waiting.pop_back();
    const Step step = visit(entry);
    if (step == Step::kStop) break;
    if (step == Step::kNotInto || !entry.is_directory()) continue;
    SKERRY_ASSIGN(auto below, list(entry.below));
    std::move(below.rbegin(), below.rend(), std::back_inserter(waiting));
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
  return content_of(file);
}

std::string Tree::content_of(const Entry& file) const {
  std::string content(files_.get(file.inode).size(), '\0');
  content.resize(files_.read(file.inode, 0, std::as_writable_bytes(std::span(content))));
  return content;
}

Result<Tree::Place> Tree::place_of(const std::string& path, LastLink last) const {
  const auto found = wasi::resolve(
      files_, FileSystem::kRoot, path,
      last == LastLink::kFollowed ? wasi::LastLink::kFollowUnlessSlash : wasi::LastLink::kKeep);
  if (!found.ok()) return status_of(found.status());
  if (!found->has_name) return is_a_directory();
  if (found->parent == FileSystem::kRoot && is_own_name(found->name)) {
    return absl::PermissionDeniedError("\"" + std::string(found->name) +
                                       "\" belongs to the runtime");
  }
  Place place{.parent = found->parent, .name = std::string(found->name)};
  if (found->inode) {
    place.number = *found->inode;
    place.inode = files_.find(place.number);
  }
  return place;
}

Status Tree::write(const std::string& path, std::string_view bytes, Writing how) {
  SKERRY_ASSIGN(Place place, place_of(path, LastLink::kFollowed));
  if (place.inode == nullptr) {
    const auto made = files_.create_file(place.parent, place.name, now_);
    if (!made.ok()) return status_of(made.status());
    place.number = *made;
  } else if (place.inode->file() == nullptr) {
    return is_a_directory();
  } else if (how == Writing::kReplace) {
    SKERRY_TRY(status_of(files_.set_size(place.number, 0, now_)));
  }
  if (bytes.empty()) return ok_status();
  const std::uint64_t end = files_.get(place.number).size();
  const auto written = files_.write(place.number, end, as_bytes(bytes), now_);
  if (!written.ok()) return status_of(written.status());
  return *written == bytes.size() ? ok_status() : status_of(Errno::kNoSpc);
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

Status Tree::remove(const std::string& path) {
  SKERRY_ASSIGN(const Place place, place_of(path, LastLink::kKept));
  if (place.inode == nullptr) return no_file();
  return status_of(place.inode->directory() != nullptr
                       ? files_.remove_directory(place.parent, place.name, now_)
                       : files_.unlink(place.parent, place.name, now_));
}

Status Tree::remove_all(const std::string& path) {
  SKERRY_ASSIGN(const Entry entry, find_itself(path));
  std::vector<std::string> below;
  if (entry.is_directory()) {
    SKERRY_TRY(walk(path, [&](const Entry& each) {
      below.push_back(each.below);
      return Step::kOn;
    }));
  }
  for (auto each = below.rbegin(); each != below.rend(); ++each) SKERRY_TRY(remove(*each));
  return remove(path);
}

Status Tree::rename(const std::string& from, const std::string& to) {
  SKERRY_ASSIGN(const Place old_place, place_of(from, LastLink::kKept));
  if (old_place.inode == nullptr) return no_file();
  SKERRY_ASSIGN(const Place new_place, place_of(to, LastLink::kKept));
  return status_of(
      files_.rename(old_place.parent, old_place.name, new_place.parent, new_place.name, now_));
}

Status Tree::link_to(std::string_view target, const std::string& path) {
  SKERRY_ASSIGN(const Place place, place_of(path, LastLink::kKept));
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

Status copy_file(const Tree& from, const Entry& file, Tree& to, const std::string& path) {
  return to.write(path, from.content_of(file), Tree::Writing::kReplace);
}

}  // namespace skerry::files
