// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/terminal.h"
#include "skerry/runtime/registry.h"

namespace skerry::app {
namespace {

struct SetupOptions {
  bool fuel = false;
  bool verify = false;
};

int set_up(const SetupOptions& options) {
  const auto home = runtime::Home::from_environment();
  if (!home.ok()) return report_failure(home.status());
  const runtime::Installation installation = runtime::bundled_in(*home);
  Result<int> steps = 0;
  {
    SetUpProgress progress;
    steps = installation.set_up(
        options.fuel ? engine::Metering::kFuel : engine::Metering::kNone,
        options.verify ? SealedFile::Depth::kHash : SealedFile::Depth::kTimes, progress);
  }
  if (!steps.ok()) return report_failure(steps.status());
  std::printf(
      *steps == 0 ? "Python is set up already in %s; nothing to do\n" : "Python is set up in %s\n",
      home->root.c_str());
  return 0;
}

}  // namespace

void add_setup_command(CLI::App& app) {
  auto options = std::make_shared<SetupOptions>();
  CLI::App* command =
      app.add_subcommand("setup", "Compile the Python runtime and warm its templates up, once");
  command->add_flag("--fuel", options->fuel, "Also compile the runtime that --fuel needs");
  command->add_flag("--verify", options->verify,
                    "Hash every file instead of trusting unchanged times");
  command->footer(
      "Packages bring CPython along; a build of one's own needs the parts that "
      "scripts/setup_python_wasi.sh fetches. Interrupted, it goes on where it was.\n");
  command->callback([options] {
    if (const int exit = set_up(*options); exit != 0) throw CLI::RuntimeError(exit);
  });
}

}  // namespace skerry::app
