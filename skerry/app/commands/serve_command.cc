// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/other_program.h"
#include "skerry/app/terminal.h"

namespace skerry::app {
void add_serve_command(CLI::App& app) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve Shannon's agent core over gRPC, its tools over HTTP");
  CLI::App* config =
      app.add_subcommand("config", "Show the service's settings, and where each is from");
  CLI::App* mcp =
      app.add_subcommand("mcp", "Serve the Model Context Protocol over standard input and output");
  CLI::App* top = app.add_subcommand("top", "Watch a service: workers, sessions, rates, latency");
  CLI::App* bench = app.add_subcommand(
      "bench", "Measure this machine: fresh runs, forks, processor time, throughput");
  for (CLI::App* command : {serve, config, mcp, top, bench}) {
    // All words are the other program's, --help among them.
    command->set_help_flag();
    command->prefix_command();
    const std::string program = command == bench ? "skerry-bench" : "skerry-service";
    const bool has_one_command = command == bench || command == serve;
    command->callback([command, program, has_one_command] {
      std::vector<std::string> words = command->remaining();
      if (!has_one_command) words.insert(words.begin(), command->get_name());
      throw CLI::RuntimeError(report_failure(become_program(program, std::move(words))));
    });
  }
}

}  // namespace skerry::app
