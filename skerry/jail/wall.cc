// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/wall.h"

namespace skerry::jail {

std::string_view name_of(Wall wall) {
  switch (wall) {
    case Wall::kUserNamespace:
      return "user-namespace";
    case Wall::kPidNamespace:
      return "pid-namespace";
    case Wall::kEmptyRoot:
      return "empty-root";
    case Wall::kNetworkNamespace:
      return "network-namespace";
    case Wall::kIpcNamespace:
      return "ipc-namespace";
    case Wall::kUtsNamespace:
      return "uts-namespace";
    case Wall::kDescriptors:
      return "descriptors";
    case Wall::kCapabilities:
      return "capabilities";
    case Wall::kNoNewPrivileges:
      return "no-new-privileges";
    case Wall::kSeccomp:
      return "seccomp";
    case Wall::kLandlock:
      return "landlock";
    case Wall::kResourceLimits:
      return "resource-limits";
    case Wall::kCgroup:
      return "cgroup";
    case Wall::kParentDeath:
      return "parent-death";
  }
  return "unknown";
}

}  // namespace skerry::jail
