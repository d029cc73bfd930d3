// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/descriptors.h"

#include <algorithm>
#include <limits>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/jail/memory_file.h"

namespace skerry::jail {
namespace {

Status close_between(unsigned first, unsigned last) {
  return syscall_result("close_range", {},
                        [&] { return ::syscall(SYS_close_range, first, last, 0); })
      .status();
}

}  // namespace

Status keep_only(std::span<const int> kept) {
  std::vector<int> sorted(kept.begin(), kept.end());
  SKERRY_ASSIGN(OwnedFd nothing, make_memory_file("nothing"));
  SKERRY_TRY(seal_memory_file(nothing.get()));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (std::find(kept.begin(), kept.end(), standard) != kept.end()) continue;
    SKERRY_TRY(syscall_result("dup2", "nothing", [&] {
                 return ::dup2(nothing.get(), standard);
               }).status());
    sorted.push_back(standard);
  }
  (void)nothing.release();  // closed below, unless it is a standard stream itself
  std::sort(sorted.begin(), sorted.end());
  unsigned next = 0;
  for (const int fd : sorted) {
    const auto number = static_cast<unsigned>(fd);
    if (number > next) SKERRY_TRY(close_between(next, number - 1));
    next = std::max(next, number + 1);
  }
  return close_between(next, std::numeric_limits<unsigned>::max());
}

}  // namespace skerry::jail
