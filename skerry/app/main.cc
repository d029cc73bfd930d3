// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "skerry/app/commands.h"

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
  skerry::app::add_run_command(program);
  skerry::app::add_exec_command(program);
  skerry::app::add_session_command(program);
  skerry::app::add_store_command(program);
  skerry::app::add_setup_command(program);
  skerry::app::add_bench_command(program);
  skerry::app::add_doctor_command(program);
  skerry::app::add_completion_command(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::RuntimeError& end) {
    return end.get_exit_code();
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" of code 0 to the library; a wrong command line is our failure,
    // not a program's.
    return program.exit(error) == 0 ? 0 : 125;
  }
  return 0;
}
