// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/secret_file.h"

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

#include "skerry/base/file.h"

namespace skerry {

Result<std::string> read_secret_file(const std::filesystem::path& path, ByteSize limit) {
  SKERRY_ASSIGN(const OwnedFd opened, open_file(path, O_RDONLY | O_NONBLOCK));
  struct stat info{};
  if (::fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(path.native() + " is no file");
  }
  if ((info.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", info.st_mode & 07777);
    return absl::PermissionDeniedError(path.native() + " may be read by others (mode " + mode +
                                       "): `chmod 600 " + path.native() + "`");
  }
  return read_all(opened.get(), limit);
}

}  // namespace skerry
