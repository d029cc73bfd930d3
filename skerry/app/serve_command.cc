// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "skerry/app/commands.h"
#include "skerry/app/terminal.h"
#include "skerry/base/child.h"

namespace skerry::app {
namespace {

/// Becomes the service, which lies beside this program. Returns only when it cannot.
Status become_service(std::vector<std::string> arguments) {
  SKERRY_ASSIGN(const auto program, program_beside("skerry-service"));
  std::vector<char*> words;
  std::string name = program.native();
  words.push_back(name.data());
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  return syscall_result("execv", program.native(),
                        [&] { return ::execv(program.c_str(), words.data()); })
      .status();
}

}  // namespace

void add_serve_command(CLI::App& app) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve Shannon's agent core over gRPC, its tools over HTTP");
  CLI::App* config =
      app.add_subcommand("config", "Show the service's settings, and where each is from");
  for (CLI::App* command : {serve, config}) {
    // All words are the service's, --help among them.
    command->set_help_flag();
    command->prefix_command();
    command->callback([command, config] {
      std::vector<std::string> words = command->remaining();
      if (command == config) words.insert(words.begin(), "config");
      throw CLI::RuntimeError(report_failure(become_service(std::move(words))));
    });
  }
}

}  // namespace skerry::app
