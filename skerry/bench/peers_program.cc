// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/peers_program.h"

#include <errno.h>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

#include "skerry/base/os/child.h"

namespace skerry::bench {

Status become_peers_program(PeersReport report) {
  SKERRY_ASSIGN(const std::string skerry, program_beside("skerry"));
  std::error_code ignored;
  std::filesystem::path tree = std::filesystem::path(skerry).parent_path();
  while (!std::filesystem::exists(tree / "bench/peers/peers.py", ignored)) {
    if (!tree.has_relative_path()) {
      return absl::FailedPreconditionError(
          "the program of this bench is in the source tree: build and run it there");
    }
    tree = tree.parent_path();
  }
  const std::string python = tree / "build/peers/bin/python";
  const std::string program = tree / "bench/peers/peers.py";
  if (::access((tree / "build/peers/.complete").c_str(), F_OK) != 0) {
    return absl::FailedPreconditionError("what is measured is not installed in " +
                                         (tree / "build/peers").string() +
                                         ": run \"make bench-peers\", which fetches 150 MB");
  }
  const char* const last = report == PeersReport::kJson ? "--json" : nullptr;
  ::execl(python.c_str(), python.c_str(), program.c_str(), "--skerry", skerry.c_str(), last,
          nullptr);
  return absl::ErrnoToStatus(errno, "execl " + python);
}

}  // namespace skerry::bench
