// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/raised_walls.h"

namespace skerry::worker {

jail::WallReport raised_walls() {
  jail::WallReport report = jail::probe_walls();
  if (kHasAddressSanitizer) {
    report.replace({.wall = jail::Wall::kSeccomp,
                    .state = absl::UnavailableError("this build has the address sanitizer, whose "
                                                    "system calls the filter would refuse"),
                    .mend = "take a build without"});
  }
  return report;
}

}  // namespace skerry::worker
