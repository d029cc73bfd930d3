// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "skerry/base/os/child.h"
#include "skerry/base/status.h"

namespace skerry {

/// How to start a program: it inherits nothing but what is listed here. A value.
struct ProgramStart {
  std::filesystem::path program;
  std::vector<std::string> arguments = {};  ///< after the program's name

  /// A descriptor of ours, borrowed, and the number that the program finds it under. Standard
  /// streams are inherited unless they are replaced here.
  struct Inherited {
    int from = -1;
    int to = -1;
  };
  std::vector<Inherited> descriptors = {};

  /// "NAME=value". Empty by default: our environment may hold secrets of the operator's. In builds
  /// with a sanitizer, that sanitizer's options are passed as well.
  std::vector<std::string> environment = {};

  /// Called last in the new process, before the program is executed there; an error keeps it from
  /// that. It may allocate only where this process has one thread.
  std::function<Status()> before = {};
};

/// Starts the program as a child of ours. Exit code 125 of the child: the program could not be
/// executed. May be called by a process with several threads.
Result<Child> start_program(const ProgramStart& how);

/// Overwrites this process's environment in memory and empties it: nothing can be read from
/// `getenv`, from /proc/self/environ, or from the pages that held it. The process must have one
/// thread.
void forget_environment();

}  // namespace skerry
