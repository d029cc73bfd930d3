// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/sanitizer.h"
#include "skerry/jail/probe.h"
#include "skerry/jail/wall.h"

namespace skerry::worker {

/// The walls that no process of this folder puts around itself. A control group is made from
/// outside, by the service. For the address sanitizer's system calls the filter would kill.
inline constexpr jail::WallSet kNotRaised =
    kHasAddressSanitizer ? jail::WallSet{jail::Wall::kCgroup, jail::Wall::kSeccomp}
                         : jail::WallSet{jail::Wall::kCgroup};

/// The walls around a worker of a service that is started as this process was, and why each that is
/// missing is not raised. As `jail::probe_walls`, but for what this build does not raise.
jail::WallReport raised_walls();

}  // namespace skerry::worker
