// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/landlock.h"

#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>

#include "skerry/base/os/fd.h"

namespace skerry::jail {
namespace {

// Debian 12's headers are of version 2, so the interface (include/uapi/linux/landlock.h) is
// declared here.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // version 4
  std::uint64_t scoped;              // version 6
};
constexpr std::uint32_t kVersionFlag = 1;

// The lowest bits, one for each right: 13 in version 1, then REFER, TRUNCATE and IOCTL_DEV.
constexpr std::uint64_t files_of(int version) {
  const int rights = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
  return (std::uint64_t{1} << rights) - 1;
}
constexpr std::uint64_t kBindAndConnectTcp = 0b11;
constexpr std::uint64_t kAbstractSocketsAndSignals = 0b11;

}  // namespace

Result<int> landlock_version() {
  return syscall_result("landlock_create_ruleset", "version", [] {
    return static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag));
  });
}

Status forbid_paths() {
  SKERRY_ASSIGN(const int version, landlock_version());
  // A right that is handled and that no rule grants is denied: there are no rules.
  RulesetAttributes attributes{};
  attributes.handled_access_fs = files_of(version);
  if (version >= 4) attributes.handled_access_net = kBindAndConnectTcp;
  if (version >= 6) attributes.scoped = kAbstractSocketsAndSignals;
  // An older kernel takes the longer structure as long as what it does not know is 0.
  SKERRY_ASSIGN(const int fd, syscall_result("landlock_create_ruleset", {}, [&] {
                  return static_cast<int>(
                      ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
                }));
  const OwnedFd ruleset(fd);
  return syscall_result("landlock_restrict_self", {},
                        [&] { return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0); })
      .status();
}

}  // namespace skerry::jail
