// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/secret_file.h"

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

#include "skerry/base/os/file.h"

namespace skerry {

namespace {

Result<OwnedFd> open_regular_file(const std::filesystem::path& path, struct stat& info) {
  SKERRY_ASSIGN(OwnedFd opened, open_file(path, O_RDONLY | O_NONBLOCK));
  if (::fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(path.native() + " is no file");
  }
  return opened;
}

}  // namespace

Result<std::string> read_regular_file(const std::filesystem::path& path, ByteSize limit) {
  struct stat info{};
  SKERRY_ASSIGN(const OwnedFd opened, open_regular_file(path, info));
  return read_all(opened.get(), limit);
}

Result<std::string> read_secret_file(const std::filesystem::path& path, ByteSize limit) {
  struct stat info{};
  SKERRY_ASSIGN(const OwnedFd opened, open_regular_file(path, info));
  if ((info.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", info.st_mode & 07777);
    return absl::PermissionDeniedError(path.native() + " may be read by others (mode " + mode +
                                       "): `chmod 600 " + path.native() + "`");
  }
  return read_all(opened.get(), limit);
}

}  // namespace skerry
