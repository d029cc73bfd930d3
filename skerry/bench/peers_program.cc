// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/peers_program.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"

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
  if (!std::filesystem::exists(tree / "build/peers/.complete", ignored)) {
    return absl::FailedPreconditionError("what is measured is not installed in " +
                                         (tree / "build/peers").string() +
                                         ": run \"make bench-peers\", which fetches 150 MB");
  }
  std::vector<std::string> arguments{tree / "build/peers/bin/python", tree / "bench/peers/peers.py",
                                     "--skerry", skerry};
  if (report == PeersReport::kJson) arguments.emplace_back("--json");
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  return syscall_result("execv", arguments[0], [&] { return ::execv(words[0], words.data()); })
      .status();
}

}  // namespace skerry::bench
