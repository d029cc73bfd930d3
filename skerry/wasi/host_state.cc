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

}  // namespace skerry::wasi
