// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace skerry::app {

/// Each adds one command to the program. A command that is chosen runs when its callback is called,
/// and throws CLI::RuntimeError with the process's exit code when that is not 0.
void add_run_command(CLI::App& program);
void add_exec_command(CLI::App& program);
void add_session_command(CLI::App& program);
void add_store_command(CLI::App& program);
void add_serve_command(CLI::App& program);  ///< and `config`, `top`
void add_keys_command(CLI::App& program);
void add_template_command(CLI::App& program);
void add_setup_command(CLI::App& program);
void add_doctor_command(CLI::App& program);
void add_completion_command(CLI::App& program);

}  // namespace skerry::app
