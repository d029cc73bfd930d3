// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/sanitizer.h"
#include "skerry/jail/wall.h"

namespace skerry::worker {

/// The walls that no process of this folder puts around itself. A control group is made by whoever
/// runs a service. For the address sanitizer's system calls the filter would kill.
inline constexpr jail::WallSet kNotRaised =
    kHasAddressSanitizer ? jail::WallSet{jail::Wall::kCgroup, jail::Wall::kSeccomp}
                         : jail::WallSet{jail::Wall::kCgroup};

}  // namespace skerry::worker
