// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "skerry/app/commands.h"
#include "skerry/app/service_program.h"
#include "skerry/app/terminal.h"

namespace skerry::app {
void add_serve_command(CLI::App& app) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve Shannon's agent core over gRPC, its tools over HTTP");
  CLI::App* config =
      app.add_subcommand("config", "Show the service's settings, and where each is from");
  CLI::App* top = app.add_subcommand("top", "Watch a service: workers, sessions, rates, latency");
  for (CLI::App* command : {serve, config, top}) {
    // All words are the service's, --help among them.
    command->set_help_flag();
    command->prefix_command();
    command->callback([command, serve] {
      std::vector<std::string> words = command->remaining();
      if (command != serve) words.insert(words.begin(), command->get_name());
      throw CLI::RuntimeError(report_failure(become_service(std::move(words))));
    });
  }
}

}  // namespace skerry::app
