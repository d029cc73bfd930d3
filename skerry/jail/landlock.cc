// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/landlock.h"

#include <cstdint>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"
#include "skerry/jail/privileges.h"

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
struct [[gnu::packed]] PathAttributes {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr int kRulePathBeneath = 1;

// Of the rights below: to execute, to read a file, to read a directory; and those that files have,
// beside directories: the first two, to write, to truncate, and ioctl of devices.
constexpr std::uint64_t kReading = 0b1101;
constexpr std::uint64_t kOfFiles = 0b111 | std::uint64_t{1} << 14 | std::uint64_t{1} << 15;

// The lowest bits, one for each right: 13 in version 1, then REFER, TRUNCATE and IOCTL_DEV.
constexpr std::uint64_t files_of(int version) {
  const int rights = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
  return (std::uint64_t{1} << rights) - 1;
}
constexpr std::uint64_t kBindAndConnectTcp = 0b11;
constexpr std::uint64_t kAbstractSocketsAndSignals = 0b11;

Result<OwnedFd> make_ruleset(const RulesetAttributes& attributes) {
  // An older kernel takes the longer structure as long as what it does not know is 0.
  SKERRY_ASSIGN(const int fd, syscall_result("landlock_create_ruleset", {}, [&] {
                  return static_cast<int>(
                      ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
                }));
  return OwnedFd(fd);
}

Status restrict_self(const OwnedFd& ruleset) {
  return syscall_result("landlock_restrict_self", {},
                        [&] { return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0); })
      .status();
}

Status allow(const OwnedFd& ruleset, const std::filesystem::path& path, std::uint64_t rights) {
  const auto place = open_file(path, O_PATH);
  if (place.status().code() == StatusCode::kNotFound) return ok_status();
  if (!place.ok()) return place.status();
  struct stat info{};
  const bool is_directory = ::fstat(place->get(), &info) == 0 && S_ISDIR(info.st_mode);
  const PathAttributes rule{is_directory ? rights : rights & kOfFiles, place->get()};
  return syscall_result("landlock_add_rule", path.native(),
                        [&] {
                          return ::syscall(SYS_landlock_add_rule, ruleset.get(), kRulePathBeneath,
                                           &rule, 0);
                        })
      .status();
}

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
  SKERRY_ASSIGN(const OwnedFd ruleset, make_ruleset(attributes));
  return restrict_self(ruleset);
}

Status confine_paths(std::span<const std::filesystem::path> readable,
                     const std::filesystem::path& writable) {
  SKERRY_ASSIGN(const int version, landlock_version());
  SKERRY_TRY(forbid_new_privileges());
  RulesetAttributes attributes{};
  attributes.handled_access_fs = files_of(version);
  if (version >= 6) attributes.scoped = kAbstractSocketsAndSignals;
  SKERRY_ASSIGN(const OwnedFd ruleset, make_ruleset(attributes));
  for (const auto& each : readable) SKERRY_TRY(allow(ruleset, each, kReading));
  SKERRY_TRY(allow(ruleset, writable, files_of(version)));
  return restrict_self(ruleset);
}

}  // namespace skerry::jail
