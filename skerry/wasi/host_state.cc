// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/host_state.h"

#include <memory>
#include <utility>

#include "skerry/wasi/files/host_files.h"

namespace skerry::wasi {
namespace {

using Kind = Descriptor::Kind;

Descriptor preopened(std::string name, InodeNumber directory, Rights rights, Rights inheriting) {
  return {.kind = Kind::kDirectory,
          .inode = directory,
          .rights = rights & kDirectoryRights,
          .inheriting = inheriting & kAllRights,
          .preopen_name = std::make_shared<const std::string>(std::move(name))};
}

}  // namespace

HostState::HostState(FileSystem files) : files_(std::move(files)) {
  // With the numbers they have by name, whatever the quota: a guest without streams is no use to
  // anyone.
  constexpr std::uint32_t kFour = 4;
  const Descriptor started[] = {
      {.kind = Kind::kStdin, .rights = kInputRights, .preopen_name = nullptr},
      {.kind = Kind::kStdout, .rights = kOutputRights, .preopen_name = nullptr},
      {.kind = Kind::kStderr, .rights = kOutputRights, .preopen_name = nullptr},
      preopened("/", FileSystem::kRoot, kDirectoryRights, kAllRights)};
  for (const Descriptor& descriptor : started) descriptors_.add(descriptor, kFour);
  files_.pin(FileSystem::kRoot);
}

HostState HostState::without_descriptors(FileSystem files) {
  return HostState(std::move(files), NoDescriptors());
}

Result<Fd> HostState::add_preopen(std::string guest_name, std::string_view path, Rights rights,
                                  Rights inheriting) {
  if (guest_name.empty() || guest_name.size() > files_.quotas().path_length ||
      guest_name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        "a preopen's name must be a path of allowed length without NUL");
  }
  SKERRY_ASSIGN(const InodeNumber directory, locate(files_, path));
  if (files_.get(directory).directory() == nullptr) {
    return absl::FailedPreconditionError("not a directory: " + std::string(path));
  }
  const auto fd = open(preopened(std::move(guest_name), directory, rights, inheriting));
  if (!fd.ok()) return absl::ResourceExhaustedError("quota reached: descriptors");
  return *fd;
}

OrErrno<Fd> HostState::open(Descriptor descriptor) {
  const InodeNumber inode = descriptor.inode;
  const bool pins = !descriptor.is_stream();
  const auto fd = descriptors_.add(std::move(descriptor), files_.quotas().descriptors);
  if (!fd.has_value()) return files_.note_quota(QuotaKind::kDescriptors);
  if (pins) files_.pin(inode);
  return *fd;
}

Errno HostState::open_at(Fd fd, Descriptor descriptor) {
  if (descriptors_.find(fd) != nullptr) return Errno::kBadf;
  const InodeNumber inode = descriptor.inode;
  const bool pins = !descriptor.is_stream();
  if (!descriptors_.add_at(fd, std::move(descriptor), files_.quotas().descriptors)) {
    return files_.note_quota(QuotaKind::kDescriptors);
  }
  if (pins) files_.pin(inode);
  return Errno::kSuccess;
}

Errno HostState::close(Fd fd) {
  const Descriptor* descriptor = descriptors_.find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  const InodeNumber inode = descriptor->inode;
  const bool pinned = !descriptor->is_stream();
  descriptors_.remove(fd);
  if (pinned) files_.unpin(inode);
  return Errno::kSuccess;
}

Errno HostState::renumber(Fd from, Fd to) {
  const Descriptor* moved = descriptors_.find(from);
  if (moved == nullptr || descriptors_.find(to) == nullptr) return Errno::kBadf;
  if (from == to) return Errno::kSuccess;
  Descriptor copy = *moved;
  SKERRY_ERRNO_TRY(close(to));
  SKERRY_ERRNO_TRY(open_at(to, std::move(copy)));
  return close(from);
}

OrErrno<Fd> HostState::duplicate(Fd from) {
  if (descriptors_.find(from) == nullptr) return Errno::kBadf;
  return open(descriptors_.duplicate(from));
}

Errno HostState::duplicate_at(Fd from, Fd to) {
  if (descriptors_.find(from) == nullptr ||
      static_cast<std::uint32_t>(to) >= files_.quotas().descriptors) {
    return Errno::kBadf;
  }
  if (from == to) return Errno::kSuccess;
  Descriptor copy = descriptors_.duplicate(from);
  if (descriptors_.find(to) != nullptr) SKERRY_ERRNO_TRY(close(to));
  return open_at(to, std::move(copy));
}

void HostState::restore_streams() {
  constexpr std::uint32_t kThree = 3;
  for (std::uint32_t i = 0; i < kThree; ++i) {
    const Fd fd{i};
    const auto kind = static_cast<Kind>(i);
    const Descriptor* open = descriptors_.find(fd);
    if (open != nullptr && open->kind == kind) continue;
    if (open != nullptr) static_cast<void>(close(fd));
    // With the number it has by name, whatever the quota.
    static_cast<void>(
        descriptors_.add_at(fd,
                            {.kind = kind,
                             .rights = kind == Kind::kStdin ? kInputRights : kOutputRights,
                             .preopen_name = nullptr},
                            kThree));
  }
}

Errno HostState::lock(Fd fd, FileLock lock) {
  const Descriptor* locked = descriptors_.find(fd);
  if (locked == nullptr) return Errno::kBadf;
  bool is_free = true;
  descriptors_.visit([&](Fd number, const Descriptor& other) {
    const bool is_same_file =
        number == fd || (other.open_file != 0 && other.open_file == locked->open_file);
    if (is_same_file || other.is_stream() || locked->is_stream() || other.inode != locked->inode)
      return;
    if (other.lock != FileLock::kNone &&
        (other.lock == FileLock::kExclusive || lock == FileLock::kExclusive)) {
      is_free = false;
    }
  });
  if (lock != FileLock::kNone && !is_free) return Errno::kAgain;
  descriptors_.edit_shared(fd, [&](Descriptor& open) { open.lock = lock; });
  return Errno::kSuccess;
}

OrErrno<HostState::Pipe> HostState::open_pipe(FdFlags flags, Nanoseconds now) {
  const std::string name =
      "pipe." + std::to_string(static_cast<std::uint64_t>(files_.next_inode()));
  SKERRY_ASSIGN(const InodeNumber file, files_.create_file(FileSystem::kRoot, name, now));
  const auto output = open({.kind = Kind::kPipeOutput,
                            .inode = file,
                            .flags = flags,
                            .rights = kInputRights,
                            .preopen_name = nullptr});
  SKERRY_ERRNO_TRY(files_.unlink(FileSystem::kRoot, name, now));
  SKERRY_ERRNO_TRY(output.status());
  const auto input = open({.kind = Kind::kPipeInput,
                           .inode = file,
                           .flags = flags,
                           .rights = kOutputRights,
                           .preopen_name = nullptr});
  if (!input.ok()) {
    SKERRY_ERRNO_TRY(close(*output));
    return input.status();
  }
  return Pipe{.output = *output, .input = *input};
}

}  // namespace skerry::wasi
