// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/file_system.h"

#include <algorithm>
#include <string>
#include <utility>

namespace skerry::wasi {
namespace {

constexpr std::uint64_t number_of(InodeNumber number) { return static_cast<std::uint64_t>(number); }

std::uint64_t charge_of(const Inode& inode) {
  if (const FileContent* content = inode.file()) return content->allocated();
  if (const SymbolicLink* link = inode.symlink()) return link->target.size();
  return 0;
}

std::uint64_t own_size_of(const Inode& inode) {
  const FileContent* content = inode.file();
  return content == nullptr ? 0 : content->own_size();
}

/// As Linux makes what is asked for without a mode.
Mode first_mode_of(const Inode& inode, Mode umask) {
  switch (inode.type()) {
    case FileType::kDirectory:
      return static_cast<Mode>(0040000 | (0777 & ~umask));
    case FileType::kSymbolicLink:
      return 0120777;
    case FileType::kCharacterDevice:
      return 0020666;
    default:
      return static_cast<Mode>(0100000 | (0666 & ~umask));
  }
}

std::uint64_t what_is_left(ByteSize limit, std::uint64_t used) {
  return limit.value - std::min(limit.value, used);
}

}  // namespace

FileSystem::FileSystem(const Quotas& quotas, Nanoseconds now) : tree_(std::make_shared<Tree>()) {
  tree_->quotas = quotas;
  auto root = std::make_shared<Inode>();
  root->body = Directory(kRoot);
  root->links = 1;
  root->accessed = root->modified = root->changed = now;
  tree_->inodes.put(number_of(kRoot), std::move(root));
  tree_->next_inode = number_of(kRoot) + 1;
  tree_->used_inodes = 1;
}

void FileSystem::set_quotas(const Quotas& quotas) {
  if (tree_->quotas != quotas) own().quotas = quotas;
}

FileSystem::Tree& FileSystem::own() {
  if (tree_.use_count() > 1) tree_ = std::make_shared<Tree>(*tree_);
  return *tree_;
}

Inode& FileSystem::edit(InodeNumber number) { return own().inodes.edit(number_of(number)); }

const Inode* FileSystem::find(InodeNumber number) const {
  return tree_->inodes.find(number_of(number));
}

const Inode& FileSystem::get(InodeNumber number) const { return *find(number); }

Errno FileSystem::note_quota(QuotaKind kind) const {
  last_quota_hit_.kind = kind;
  switch (kind) {
    case QuotaKind::kNone:
      return Errno::kSuccess;
    case QuotaKind::kFileBytes:
    case QuotaKind::kTotalSize:
    case QuotaKind::kInodes:
    case QuotaKind::kEntries:
      return Errno::kNoSpc;
    case QuotaKind::kFileSize:
      return Errno::kFbig;
    case QuotaKind::kDescriptors:
      return Errno::kMfile;
    case QuotaKind::kDepth:
    case QuotaKind::kNameLength:
    case QuotaKind::kPathLength:
      return Errno::kNameTooLong;
    case QuotaKind::kSymlinksFollowed:
      return Errno::kLoop;
  }
  return Errno::kIo;
}

Errno FileSystem::check_name(std::string_view name) const {
  if (name.empty()) return Errno::kNoEnt;
  if (name == "." || name == "..") return Errno::kInval;
  if (name.find('/') != name.npos || name.find('\0') != name.npos) return Errno::kInval;
  if (name.size() > quotas().name_length) return note_quota(QuotaKind::kNameLength);
  return Errno::kSuccess;
}

std::uint32_t FileSystem::depth(InodeNumber directory) const {
  std::uint32_t depth = 0;
  while (directory != kRoot) {
    directory = get(directory).directory()->parent();
    ++depth;
  }
  return depth;
}

// How many levels of directories lie below, counted no further than `limit` + 1. Walks with a stack
// of its own.
std::uint32_t FileSystem::height(InodeNumber directory, std::uint32_t limit) const {
  std::vector<InodeNumber> level = {directory};
  for (std::uint32_t height = 0;; ++height) {
    std::vector<InodeNumber> below;
    for (const InodeNumber number : level) {
      const Directory& names = *get(number).directory();
      if (names.subdirectories == 0) continue;
      names.visit_from(0, [&](const Entry& entry) {
        if (get(entry.inode).directory() != nullptr) below.push_back(entry.inode);
        return true;
      });
    }
    if (below.empty() || height > limit) return height;
    level.swap(below);
  }
}

std::uint64_t FileSystem::budget() const {
  return what_is_left(quotas().file_bytes, tree_->used_bytes);
}

// At least what it is: a file of a stored state may be over the quota.
std::uint64_t FileSystem::max_size(InodeNumber file) const {
  return get(file).size() + what_is_left(quotas().total_size, tree_->used_size);
}

template <typename Change>
void FileSystem::change_content(InodeNumber file, const Change& change) {
  Inode& inode = edit(file);
  const std::uint64_t charge = charge_of(inode);
  const std::uint64_t own_size = own_size_of(inode);
  change(inode, *inode.file());
  tree_->used_bytes += charge_of(inode) - charge;
  tree_->used_size += own_size_of(inode) - own_size;
}

// A directory that was removed while open takes no new names.
Errno FileSystem::check_can_add(InodeNumber directory) const {
  const Inode& into = get(directory);
  if (into.links == 0) return Errno::kNoEnt;
  if (into.access == Access::kReadOnly) return Errno::kRofs;
  if (tree_->used_entries >= quotas().entries || into.directory()->next_cookie() >= kMaxSerial) {
    return note_quota(QuotaKind::kEntries);
  }
  return Errno::kSuccess;
}

OrErrno<InodeNumber> FileSystem::create(InodeNumber directory, std::string_view name, Inode inode,
                                        Nanoseconds now) {
  SKERRY_ERRNO_TRY(check_can_add(directory));
  if (get(directory).directory()->find(name) != nullptr) return Errno::kExist;
  if (tree_->used_inodes >= quotas().inodes || tree_->next_inode >= kMaxSerial)
    return note_quota(QuotaKind::kInodes);
  const std::uint64_t charge = charge_of(inode);
  if (charge > budget()) return note_quota(QuotaKind::kFileBytes);

  Tree& tree = own();
  const InodeNumber number{tree.next_inode++};
  ++tree.used_inodes;
  ++tree.used_entries;
  tree.used_bytes += charge;
  inode.links = 1;
  inode.accessed = inode.modified = inode.changed = now;
  if (get(directory).mode != 0) inode.mode = first_mode_of(inode, tree.umask);
  Inode& into = edit(directory);
  into.directory()->add(name, number);
  if (inode.directory() != nullptr) ++into.directory()->subdirectories;
  into.modified = into.changed = now;
  tree.inodes.put(number_of(number), std::make_shared<Inode>(std::move(inode)));
  return number;
}

OrErrno<InodeNumber> FileSystem::create_file(InodeNumber directory, std::string_view name,
                                             Nanoseconds now) {
  return create(directory, name, Inode{.body = FileContent()}, now);
}

OrErrno<InodeNumber> FileSystem::create_directory(InodeNumber directory, std::string_view name,
                                                  Nanoseconds now) {
  if (get(directory).links != 0 && depth(directory) >= quotas().depth)
    return note_quota(QuotaKind::kDepth);
  return create(directory, name, Inode{.body = Directory(directory)}, now);
}

OrErrno<InodeNumber> FileSystem::create_symlink(InodeNumber directory, std::string_view name,
                                                std::string_view target, Nanoseconds now) {
  if (target.empty()) return Errno::kNoEnt;
  if (target.size() > quotas().path_length) return note_quota(QuotaKind::kPathLength);
  return create(directory, name, Inode{.body = SymbolicLink{std::string(target)}}, now);
}

OrErrno<InodeNumber> FileSystem::create_device(InodeNumber directory, std::string_view name,
                                               Device device, Nanoseconds now) {
  return create(directory, name, Inode{.body = device}, now);
}

Errno FileSystem::link(InodeNumber target, InodeNumber directory, std::string_view name,
                       Nanoseconds now) {
  SKERRY_ERRNO_TRY(check_can_add(directory));
  if (get(directory).directory()->find(name) != nullptr) return Errno::kExist;
  const Inode& linked = get(target);
  if (linked.directory() != nullptr) return Errno::kPerm;
  if (linked.access == Access::kReadOnly) return Errno::kRofs;
  if (linked.links == 0) return Errno::kNoEnt;
  ++own().used_entries;
  Inode& into = edit(directory);
  into.directory()->add(name, target);
  into.modified = into.changed = now;
  Inode& named = edit(target);
  ++named.links;
  named.changed = now;
  return Errno::kSuccess;
}

Errno FileSystem::unlink(InodeNumber directory, std::string_view name, Nanoseconds now) {
  const Entry* entry = get(directory).directory()->find(name);
  if (entry == nullptr) return Errno::kNoEnt;
  const InodeNumber number = entry->inode;
  const Inode& inode = get(number);
  if (inode.directory() != nullptr) return Errno::kIsDir;
  if (get(directory).access == Access::kReadOnly || inode.access == Access::kReadOnly)
    return Errno::kRofs;
  Inode& from = edit(directory);
  from.directory()->remove(name);
  from.modified = from.changed = now;
  --own().used_entries;
  drop_link(number, now);
  return Errno::kSuccess;
}

Errno FileSystem::remove_directory(InodeNumber directory, std::string_view name, Nanoseconds now) {
  const Entry* entry = get(directory).directory()->find(name);
  if (entry == nullptr) return Errno::kNoEnt;
  const InodeNumber number = entry->inode;
  const Inode& inode = get(number);
  if (inode.directory() == nullptr) return Errno::kNotDir;
  if (get(directory).access == Access::kReadOnly || inode.access == Access::kReadOnly)
    return Errno::kRofs;
  if (!inode.directory()->is_empty()) return Errno::kNotEmpty;
  Inode& from = edit(directory);
  from.directory()->remove(name);
  --from.directory()->subdirectories;
  from.modified = from.changed = now;
  --own().used_entries;
  drop_link(number, now);
  return Errno::kSuccess;
}

// The order of the checks is Linux's, so that programs see the errors they were written against.
Errno FileSystem::check_movable(InodeNumber from, InodeNumber moved, InodeNumber to,
                                const Entry* replaced) const {
  const Inode& inode = get(moved);
  const bool is_directory = inode.directory() != nullptr;
  if (is_directory) {
    for (InodeNumber above = to; above != kRoot && get(above).links != 0;
         above = get(above).directory()->parent()) {
      if (above == moved) return Errno::kInval;
    }
  }
  if (replaced != nullptr) {
    for (InodeNumber above = from; above != kRoot && get(above).links != 0;
         above = get(above).directory()->parent()) {
      if (above == replaced->inode) return Errno::kNotEmpty;
    }
    const Inode& victim = get(replaced->inode);
    const Directory* names = victim.directory();
    if (is_directory && names == nullptr) return Errno::kNotDir;
    if (!is_directory && names != nullptr) return Errno::kIsDir;
    if (victim.access == Access::kReadOnly) return Errno::kRofs;
    if (names != nullptr && !names->is_empty()) return Errno::kNotEmpty;
  } else if (get(to).links == 0) {
    return Errno::kNoEnt;
  } else if (get(to).directory()->next_cookie() >= kMaxSerial) {
    return note_quota(QuotaKind::kEntries);
  }
  if (inode.access == Access::kReadOnly || get(from).access == Access::kReadOnly ||
      get(to).access == Access::kReadOnly) {
    return Errno::kRofs;
  }
  if (is_directory && from != to) {
    const std::uint32_t limit = quotas().depth;
    if (depth(to) + 1 + height(moved, limit) > limit) return note_quota(QuotaKind::kDepth);
  }
  return Errno::kSuccess;
}

Errno FileSystem::rename(InodeNumber from, std::string_view old_name, InodeNumber to,
                         std::string_view new_name, Nanoseconds now) {
  const Entry* entry = get(from).directory()->find(old_name);
  if (entry == nullptr) return Errno::kNoEnt;
  const InodeNumber moved = entry->inode;
  const Entry* replaced = get(to).directory()->find(new_name);
  if (replaced != nullptr && replaced->inode == moved) return Errno::kSuccess;
  SKERRY_ERRNO_TRY(check_movable(from, moved, to, replaced));

  const bool is_directory = get(moved).directory() != nullptr;
  const bool replaces = replaced != nullptr;
  const InodeNumber victim = replaces ? replaced->inode : InodeNumber{};
  Inode& source = edit(from);
  source.directory()->remove(old_name);
  if (is_directory) --source.directory()->subdirectories;
  source.modified = source.changed = now;
  Inode& target = edit(to);
  if (replaces) {
    target.directory()->replace(new_name, moved);
    --own().used_entries;
  } else {
    target.directory()->add(new_name, moved);
  }
  if (is_directory && !replaces) ++target.directory()->subdirectories;
  target.modified = target.changed = now;
  Inode& inode = edit(moved);
  if (is_directory) inode.directory()->set_parent(to);
  inode.changed = now;
  if (replaces) drop_link(victim, now);
  return Errno::kSuccess;
}

void FileSystem::drop_link(InodeNumber number, Nanoseconds now) {
  Inode& inode = edit(number);
  --inode.links;
  inode.changed = now;
  free_if_unused(number);
}

void FileSystem::free_if_unused(InodeNumber number) {
  const Inode& inode = get(number);
  if (inode.links != 0) return;
  const auto pinned = [&](const Pin& pin) { return pin.number == number; };
  if (std::any_of(tree_->pins.begin(), tree_->pins.end(), pinned)) return;
  Tree& tree = own();
  tree.used_bytes -= charge_of(inode);
  tree.used_size -= own_size_of(inode);
  --tree.used_inodes;
  tree.inodes.erase(number_of(number));
}

std::size_t FileSystem::read(InodeNumber file, std::uint64_t offset,
                             std::span<std::byte> out) const {
  const FileContent* content = get(file).file();
  return content == nullptr ? 0 : content->read(offset, out);
}

OrErrno<std::size_t> FileSystem::write(InodeNumber file, std::uint64_t offset,
                                       std::span<const std::byte> in, Nanoseconds now) {
  if (get(file).access == Access::kReadOnly) return Errno::kRofs;
  if (in.empty()) return std::size_t{0};
  const std::uint64_t limit = std::max(quotas().file_size.value, get(file).size());
  if (offset >= limit) return note_quota(QuotaKind::kFileSize);
  if (in.size() > limit - offset) {
    static_cast<void>(note_quota(QuotaKind::kFileSize));
    in = in.first(limit - offset);
  }
  const std::uint64_t end = max_size(file);
  if (offset >= end) return note_quota(QuotaKind::kTotalSize);
  if (in.size() > end - offset) {
    static_cast<void>(note_quota(QuotaKind::kTotalSize));
    in = in.first(end - offset);
  }
  std::size_t written = 0;
  change_content(file, [&](Inode& inode, FileContent& content) {
    written = content.write(offset, in, budget());
    if (written > 0) inode.modified = inode.changed = now;
  });
  if (written < in.size()) {
    const Errno error = note_quota(QuotaKind::kFileBytes);
    if (written == 0) return error;
  }
  return written;
}

Errno FileSystem::set_size(InodeNumber file, std::uint64_t size, Nanoseconds now) {
  const Inode& there = get(file);
  if (there.access == Access::kReadOnly) return Errno::kRofs;
  if (size > std::max(quotas().file_size.value, there.size()))
    return note_quota(QuotaKind::kFileSize);
  if (size > max_size(file)) return note_quota(QuotaKind::kTotalSize);
  change_content(file, [&](Inode& inode, FileContent& content) {
    content.resize(size);
    inode.modified = inode.changed = now;
  });
  return Errno::kSuccess;
}

Errno FileSystem::allocate(InodeNumber file, std::uint64_t offset, std::uint64_t length,
                           Nanoseconds now) {
  const Inode& there = get(file);
  if (there.access == Access::kReadOnly) return Errno::kRofs;
  const std::uint64_t limit = std::max(quotas().file_size.value, there.size());
  if (length > limit || offset > limit - length) return note_quota(QuotaKind::kFileSize);
  // Refused whole where it is plain that it cannot be had, so that nothing is left half done.
  FileContent trial = *there.file();
  if (offset + length > max_size(file)) return note_quota(QuotaKind::kTotalSize);
  if (!trial.allocate(offset, length, budget())) return note_quota(QuotaKind::kFileBytes);
  change_content(file, [&](Inode& inode, FileContent& content) {
    content = std::move(trial);
    inode.changed = now;
  });
  return Errno::kSuccess;
}

Errno FileSystem::set_times(InodeNumber number, Times times, Nanoseconds now) {
  if (get(number).access == Access::kReadOnly) return Errno::kRofs;
  Inode& inode = edit(number);
  if (times.accessed != nullptr) inode.accessed = *times.accessed;
  if (times.modified != nullptr) inode.modified = *times.modified;
  inode.changed = now;
  return Errno::kSuccess;
}

Errno FileSystem::set_permissions(InodeNumber number, Mode permissions, Nanoseconds now) {
  const Inode& there = get(number);
  if (there.mode == 0) return Errno::kNotSup;
  if (there.access == Access::kReadOnly) return Errno::kRofs;
  Inode& inode = edit(number);
  inode.mode = static_cast<Mode>((inode.mode & kTypeOfMode) | (permissions & kPermissions));
  inode.changed = now;
  return Errno::kSuccess;
}

void FileSystem::set_umask(Mode umask) {
  if (tree_->umask != umask) own().umask = umask;
}

void FileSystem::pin(InodeNumber number) {
  Tree& tree = own();
  for (Pin& pin : tree.pins) {
    if (pin.number == number) {
      ++pin.count;
      return;
    }
  }
  tree.pins.push_back({number, 1});
}

void FileSystem::unpin(InodeNumber number) {
  Tree& tree = own();
  const auto found = std::find_if(tree.pins.begin(), tree.pins.end(),
                                  [&](const Pin& pin) { return pin.number == number; });
  if (--found->count > 0) return;
  *found = tree.pins.back();
  tree.pins.pop_back();
  free_if_unused(number);
}

void FileSystem::set_access(InodeNumber number, Access access) {
  if (get(number).access != access) edit(number).access = access;
}

void FileSystem::set_mode(InodeNumber number, Mode mode) { edit(number).mode = mode; }

void FileSystem::set_unlisted(InodeNumber number) { edit(number).is_unlisted = true; }

void FileSystem::set_blob(InodeNumber file, std::shared_ptr<const Blob> blob) {
  change_content(file,
                 [&](Inode&, FileContent& content) { content = FileContent(std::move(blob)); });
}

}  // namespace skerry::wasi
