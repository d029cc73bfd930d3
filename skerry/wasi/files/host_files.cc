// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/host_files.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace skerry::wasi {
namespace {

std::string quoted(std::string_view path) { return "\"" + std::string(path) + "\""; }

/// The Status of an operation that `files` refused.
Status status_of(const FileSystem& files, Errno error, std::string_view path) {
  switch (error) {
    case Errno::kSuccess:
      return ok_status();
    case Errno::kNoSpc:
    case Errno::kFbig:
    case Errno::kNameTooLong:
      return absl::ResourceExhaustedError(
          "quota reached: " + std::string(quota_name(files.last_quota_hit())) + ", adding " +
          quoted(path));
    case Errno::kExist:
      return absl::AlreadyExistsError("there already: " + quoted(path));
    case Errno::kNoEnt:
      return absl::NotFoundError("not found: " + quoted(path));
    default:
      return absl::InvalidArgumentError("not a path for a sandbox (" +
                                        std::string(errno_name(error)) + "): " + quoted(path));
  }
}

/// The parts of a path, each checked. "/" has none.
Result<std::vector<std::string_view>> split(const FileSystem& files, std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return absl::InvalidArgumentError("not an absolute path: " + quoted(path));
  }
  if (path.size() > files.quotas().path_length) {
    return absl::InvalidArgumentError("path of " + std::to_string(path.size()) +
                                      " bytes, at most " +
                                      std::to_string(files.quotas().path_length));
  }
  std::vector<std::string_view> parts;
  for (std::string_view rest = path.substr(1); !rest.empty() || parts.size() > 0;) {
    const std::size_t slash = rest.find('/');
    parts.push_back(rest.substr(0, slash));
    const Errno error = files.check_name(parts.back());
    if (error == Errno::kNoEnt)
      return absl::InvalidArgumentError("path with an empty part: " + quoted(path));
    SKERRY_TRY(status_of(files, error, path));
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  return parts;
}

Status no_directory(std::string_view name, std::string_view path) {
  return absl::FailedPreconditionError(quoted(name) + " is no directory in " + quoted(path));
}

Result<InodeNumber> descend(const FileSystem& files, std::span<const std::string_view> parts,
                            std::string_view path) {
  InodeNumber current = FileSystem::kRoot;
  for (const std::string_view part : parts) {
    const Directory* names = files.get(current).directory();
    if (names == nullptr) return no_directory(part, path);
    const Entry* entry = names->find(part);
    if (entry == nullptr) return absl::NotFoundError("not found: " + quoted(path));
    current = entry->inode;
  }
  return current;
}

/// Lifts a directory's read-only mark while the host changes it.
class Unlocked {
 public:
  Unlocked(FileSystem& files, InodeNumber number)
      : files_(files), number_(number), access_(files.get(number).access) {
    files_.set_access(number_, Access::kReadWrite);
  }
  ~Unlocked() {
    if (files_.find(number_) != nullptr) files_.set_access(number_, access_);
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  Access access() const { return access_; }

 private:
  FileSystem& files_;
  InodeNumber number_;
  Access access_;
};

Access inherited(const Unlocked& parent, const AddOptions& options) {
  return parent.access() == Access::kReadOnly ? Access::kReadOnly : options.access;
}

/// Marks what was just made in `parent`.
void mark(FileSystem& files, InodeNumber made, const Unlocked& parent, const AddOptions& options) {
  const Mode mode = files.get(made).mode;
  const bool takes = files.get(made).file() != nullptr || files.get(made).directory() != nullptr;
  if (mode != 0 && takes && options.permissions) {
    files.set_mode(made,
                   static_cast<Mode>((mode & kTypeOfMode) | (*options.permissions & kPermissions)));
  }
  files.set_access(made, inherited(parent, options));
}

/// The directory at the end of `parts`, made where it is not there.
Result<InodeNumber> make_directories(FileSystem& files, std::span<const std::string_view> parts,
                                     std::string_view path, const AddOptions& options) {
  InodeNumber current = FileSystem::kRoot;
  for (const std::string_view part : parts) {
    const Directory* names = files.get(current).directory();
    if (names == nullptr) return no_directory(part, path);
    if (const Entry* entry = names->find(part)) {
      current = entry->inode;
      continue;
    }
    const Unlocked parent(files, current);
    const auto made = files.create_directory(current, part, options.modified);
    if (!made.ok()) return status_of(files, made.status(), path);
    current = *made;
    mark(files, current, parent, options);
  }
  if (files.get(current).directory() == nullptr) return no_directory(parts.back(), path);
  return current;
}

/// Makes what `create(directory, name)` makes, in a directory that is made if need be.
template <typename Create>
Result<InodeNumber> add(FileSystem& files, std::string_view path, const AddOptions& options,
                        Create&& create) {
  SKERRY_ASSIGN(const auto parts, split(files, path));
  if (parts.empty()) return absl::AlreadyExistsError("there already: " + quoted(path));
  const auto above = std::span(parts).first(parts.size() - 1);
  AddOptions on_the_way = options;
  on_the_way.permissions.reset();
  SKERRY_ASSIGN(const InodeNumber directory, make_directories(files, above, path, on_the_way));
  const Unlocked parent(files, directory);
  const OrErrno<InodeNumber> made = create(directory, parts.back());
  if (!made.ok()) return status_of(files, made.status(), path);
  mark(files, *made, parent, options);
  return *made;
}

FileStatus status_at(const FileSystem& files, InodeNumber number) {
  const Inode& inode = files.get(number);
  return {.type = inode.type(),
          .size = inode.size(),
          .modified = inode.modified,
          .access = inode.access,
          .links = inode.link_count(),
          .inode = number};
}

Status remove_name(FileSystem& files, InodeNumber directory, const std::string& name,
                   std::string_view path) {
  const InodeNumber number = files.get(directory).directory()->find(name)->inode;
  const Nanoseconds when = files.get(directory).modified;
  const Unlocked parent(files, directory);
  const Unlocked child(files, number);
  const bool is_directory = files.get(number).directory() != nullptr;
  return status_of(files,
                   is_directory ? files.remove_directory(directory, name, when)
                                : files.unlink(directory, name, when),
                   path);
}

}  // namespace

Result<InodeNumber> locate(const FileSystem& files, std::string_view path) {
  SKERRY_ASSIGN(const auto parts, split(files, path));
  return descend(files, parts, path);
}

Status make_directory(FileSystem& files, std::string_view path, const AddOptions& options) {
  SKERRY_ASSIGN(const auto parts, split(files, path));
  return make_directories(files, parts, path, options).status();
}

Status add_file(FileSystem& files, std::string_view path, std::span<const std::byte> bytes,
                const AddOptions& options) {
  SKERRY_ASSIGN(const InodeNumber file,
                add(files, path, options, [&](InodeNumber directory, std::string_view name) {
                  return files.create_file(directory, name, options.modified);
                }));
  if (bytes.empty()) return ok_status();
  const Access access = files.get(file).access;
  files.set_access(file, Access::kReadWrite);
  const auto written = files.write(file, 0, bytes, options.modified);
  files.set_access(file, access);
  if (written.ok() && *written == bytes.size()) return ok_status();
  // All or nothing: half a file would be mistaken for a whole one.
  const QuotaKind hit = files.last_quota_hit();
  SKERRY_TRY(remove(files, path));
  return status_of(files, files.note_quota(hit), path);
}

Status add_file(FileSystem& files, std::string_view path, Blob blob, const AddOptions& options) {
  SKERRY_ASSIGN(const InodeNumber file,
                add(files, path, options, [&](InodeNumber directory, std::string_view name) {
                  return files.create_file(directory, name, options.modified);
                }));
  files.set_blob(file, std::make_shared<const Blob>(std::move(blob)));
  return ok_status();
}

Status add_symlink(FileSystem& files, std::string_view path, std::string_view target,
                   const AddOptions& options) {
  if (target.empty() || target.find('\0') != target.npos) {
    return absl::InvalidArgumentError("a link's target must be a path without NUL");
  }
  return add(files, path, options,
             [&](InodeNumber directory, std::string_view name) {
               return files.create_symlink(directory, name, target, options.modified);
             })
      .status();
}

Status add_device(FileSystem& files, std::string_view path, Device device,
                  const AddOptions& options) {
  return add(files, path, options,
             [&](InodeNumber directory, std::string_view name) {
               return files.create_device(directory, name, device, options.modified);
             })
      .status();
}

// Depth first, with a list of its own rather than recursion.
Status remove(FileSystem& files, std::string_view path) {
  SKERRY_ASSIGN(const auto parts, split(files, path));
  if (parts.empty()) return absl::InvalidArgumentError("the root cannot be removed");
  const auto above = std::span(parts).first(parts.size() - 1);
  SKERRY_ASSIGN(const InodeNumber directory, descend(files, above, path));
  SKERRY_TRY(descend(files, parts, path).status());
  struct Name {
    InodeNumber directory{};
    std::string name;
  };
  std::vector<Name> names = {{directory, std::string(parts.back())}};
  while (!names.empty()) {
    const Name last = names.back();
    const InodeNumber number = files.get(last.directory).directory()->find(last.name)->inode;
    const Directory* below = files.get(number).directory();
    if (below != nullptr && !below->is_empty()) {
      below->visit_from(0, [&](const Entry& entry) {
        names.push_back({number, entry.name});
        return true;
      });
      continue;
    }
    SKERRY_TRY(remove_name(files, last.directory, last.name, path));
    names.pop_back();
  }
  return ok_status();
}

Result<FileStatus> stat(const FileSystem& files, std::string_view path) {
  SKERRY_ASSIGN(const InodeNumber number, locate(files, path));
  return status_at(files, number);
}

Result<std::string> read_file(const FileSystem& files, std::string_view path, ByteSize limit) {
  SKERRY_ASSIGN(const InodeNumber number, locate(files, path));
  const FileContent* content = files.get(number).file();
  if (content == nullptr)
    return absl::FailedPreconditionError("not a regular file: " + quoted(path));
  if (content->size() > limit.value) {
    return absl::ResourceExhaustedError("file of " + std::to_string(content->size()) +
                                        " bytes, at most " + std::to_string(limit.value) + ": " +
                                        quoted(path));
  }
  std::string text(content->size(), '\0');
  content->read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

Result<std::string> read_symlink(const FileSystem& files, std::string_view path) {
  SKERRY_ASSIGN(const InodeNumber number, locate(files, path));
  const SymbolicLink* link = files.get(number).symlink();
  if (link == nullptr) return absl::FailedPreconditionError("not a symbolic link: " + quoted(path));
  return link->target;
}

Result<std::vector<ListedFile>> list(const FileSystem& files, std::string_view path,
                                     std::size_t limit) {
  SKERRY_ASSIGN(const InodeNumber number, locate(files, path));
  const Directory* names = files.get(number).directory();
  if (names == nullptr) return absl::FailedPreconditionError("not a directory: " + quoted(path));
  if (names->size() > limit) {
    return absl::ResourceExhaustedError("directory of " + std::to_string(names->size()) +
                                        " names, at most " + std::to_string(limit) + ": " +
                                        quoted(path));
  }
  std::vector<ListedFile> found;
  found.reserve(names->size());
  names->visit_from(0, [&](const Entry& entry) {
    found.push_back({entry.name, status_at(files, entry.inode)});
    return true;
  });
  std::ranges::sort(found, {}, &ListedFile::name);
  return found;
}

}  // namespace skerry::wasi
