// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/other_program.h"

#include <unistd.h>

#include "skerry/base/os/child.h"

namespace skerry::app {

Status become_program(const std::string& program_name, std::vector<std::string> arguments) {
  SKERRY_ASSIGN(const auto program, program_beside(program_name.c_str()));
  std::vector<char*> words;
  std::string name = program.native();
  words.push_back(name.data());
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  return syscall_result("execv", program.native(),
                        [&] { return ::execv(program.c_str(), words.data()); })
      .status();
}

}  // namespace skerry::app
