// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <string_view>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/commands/leave.h"

namespace {

/// A descriptor we open must not become somebody's standard stream because those were closed.
void fill_standard_streams() {
  for (int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC); fd >= 0;
       fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
  }
}

/// The command that `name` is of `command`, if it has commands of its own; else null.
const CLI::App* group_in(const CLI::App& command, std::string_view name) {
  for (const CLI::App* each : command.get_subcommands(nullptr)) {
    if (each->get_name() == name && !each->get_subcommands(nullptr).empty()) return each;
  }
  return nullptr;
}

/// What is wrong with the command line, in words that help.
std::string why(const CLI::App& program, const CLI::Error& error, int argc, char** argv) {
  const auto word = [&](int at) { return std::string_view(at < argc ? argv[at] : ""); };
  const std::string_view first = word(1);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !first.empty() &&
      !first.starts_with('-') &&
      std::string_view(error.what()).find("subcommand") != std::string_view::npos) {
    std::string typed = "skerry";
    int at = 1;
    for (const CLI::App* group = group_in(program, first); group != nullptr;
         group = group_in(*group, word(at))) {
      typed += " " + std::string(word(at++));
    }
    if (at == 1) return "unknown command \"" + std::string(first) + "\"";
    return typed +
           (word(at).empty() ? " needs a command of its own"
                             : " has no command \"" + std::string(word(at)) + "\"") +
           "; `" + typed + " --help` names them";
  }
  std::string text = error.what();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
      (first == "run" || first == "exec")) {
    text += " (a program's own arguments go after --)";
  }
  return text;
}

}  // namespace

// What the parser throws besides its own errors is ours to die of.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): see above
  fill_standard_streams();
  // A reader that has gone shows as a failed write, not as our death.
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App program{
      "Skerry runs code that nobody has read: Python and any WASI module, in a WebAssembly "
      "sandbox.",
      "skerry"};
  program.set_version_flag("--version", SKERRY_VERSION);
  program.require_subcommand(1);
  program.failure_message([&](const CLI::App*, const CLI::Error& error) {
    return "skerry: " + why(program, error, argc, argv) +
           "\nRun `skerry --help`, or `skerry COMMAND --help`.\n";
  });
  skerry::app::add_run_command(program);
  skerry::app::add_exec_command(program);
  skerry::app::add_session_command(program);
  skerry::app::add_store_command(program);
  skerry::app::add_template_command(program);
  skerry::app::add_serve_command(program);
  skerry::app::add_keys_command(program);
  skerry::app::add_setup_command(program);
  skerry::app::add_doctor_command(program);
  skerry::app::add_completion_command(program);
  int exit_code = 0;
  try {
    program.parse(argc, argv);
  } catch (const CLI::RuntimeError& end) {
    exit_code = end.get_exit_code();
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" of code 0 to the library; a wrong command line is our failure,
    // not a program's.
    exit_code = program.exit(error) == 0 ? 0 : 125;
  }
  return skerry::app::flushed(exit_code);
}
