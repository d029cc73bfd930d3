// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/descriptor_limit.h"

#include <sys/resource.h>

#include "skerry/base/os/fd.h"

namespace skerry {

Status allow_many_descriptors() {
  rlimit limits{};
  SKERRY_TRY(syscall_result("getrlimit", "descriptors", [&] {
               return ::getrlimit(RLIMIT_NOFILE, &limits);
             }).status());
  limits.rlim_cur = limits.rlim_max;
  return syscall_result("setrlimit", "descriptors",
                        [&] { return ::setrlimit(RLIMIT_NOFILE, &limits); })
      .status();
}

}  // namespace skerry
