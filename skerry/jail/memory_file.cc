// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/memory_file.h"

#include <fcntl.h>
#include <string>
#include <sys/mman.h>

namespace skerry::jail {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr unsigned kNoExecution = 8;  // MFD_NOEXEC_SEAL, not in Debian 12's headers

}  // namespace

Result<OwnedFd> make_memory_file(const char* name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create(name, kFlags | kNoExecution);
  if (fd < 0) {
    SKERRY_ASSIGN(
        fd, syscall_result("memfd_create", name, [&] { return ::memfd_create(name, kFlags); }));
  }
  return OwnedFd(fd);
}

Status seal_memory_file(int fd) {
  const auto sealed =
      syscall_result("fcntl", "F_ADD_SEALS", [&] { return ::fcntl(fd, F_ADD_SEALS, kSeals); });
  if (!sealed.ok() && sealed.status().code() == StatusCode::kInternal) {
    return absl::UnavailableError("a writable mapping is left: " +
                                  std::string(message_of(sealed.status())));
  }
  return sealed.status();
}

Status check_sealed(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals >= 0 && (seals & kSeals) == kSeals) return ok_status();
  return absl::PermissionDeniedError("the descriptor is not sealed: seals " +
                                     std::to_string(seals) + ", expected " +
                                     std::to_string(kSeals));
}

}  // namespace skerry::jail
