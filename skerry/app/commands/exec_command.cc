// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <memory>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/run_options.h"
#include "skerry/app/terminal.h"
#include "skerry/base/os/file.h"
#include "skerry/runtime/command.h"
#include "skerry/runtime/home.h"
#include "skerry/worker/run_guest.h"

namespace skerry::app {
namespace {

// Read whole before it is measured, so that the message can say how large it is; beyond this it is
// not read at all.
constexpr ByteSize kMaxRead = mib(1024);

// Compiling less than this is done before a progress bar is worth drawing.
constexpr std::size_t kQuickModule = std::size_t{1} << 20;

struct ExecOptions {
  RunOptions run;
  std::string module;
};

Result<std::unique_ptr<sandbox::LoadedImage>> image_of_module(const ExecOptions& options,
                                                              const sandbox::Limits& limits) {
  SKERRY_ASSIGN(const std::string file, read_file(options.module, kMaxRead));
  auto command = runtime::check_command(file, limits);
  if (!command.ok()) return annotate(command.status(), options.module);
  SKERRY_ASSIGN(const runtime::Home home, runtime::Home::from_environment());
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home.module_cache()));
  const auto metering = limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  SetUpProgress progress;
  engine::NativeCache::Progress shown;
  const bool is_slow = command->bytes.size() > kQuickModule &&
                       !cache.check(command->sha256, metering, SealedFile::Depth::kTimes).ok();
  if (is_slow) {
    progress.step("compiling " + options.module);
    shown = [&](double fraction) { progress.progress(fraction); };
  }
  auto loaded = runtime::prepare_command(*command, metering, cache, shown);
  if (!loaded.ok()) return annotate(loaded.status(), options.module);
  return loaded;
}

int exec(const ExecOptions& options) {
  auto parameters = RunParameters::open(options.run);
  if (!parameters.ok()) return fail(options.run, parameters.status());
  const auto loaded = image_of_module(options, parameters->limits);
  if (!loaded.ok()) return fail(options.run, loaded.status());
  return run_and_report(
      options.run, *parameters, [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
        for (const ImportedDirectory& directory : parameters->directories) {
          SKERRY_TRY(import_directory(directory, (*loaded)->state.files()));
        }
        worker::DescriptorInput input = parameters->input_for(channel);
        sandbox::RunEnvironment world = parameters->world(channel, input);
        world.process.arguments.push_back(options.module);
        world.process.arguments.insert(world.process.arguments.end(), options.run.arguments.begin(),
                                       options.run.arguments.end());
        for (const auto& [name, value] : parameters->environment)
          world.process.environment.push_back(name + "=" + value);
        const int used = parameters->input.get();
        std::unique_ptr<sandbox::Sandbox> sandbox;
        return worker::run_guest(
            {.sandbox = [&]() -> Result<sandbox::Sandbox*> {
               SKERRY_ASSIGN(sandbox, sandbox::Sandbox::load(**loaded, parameters->limits, &world));
               return sandbox.get();
             },
             .run = runtime::run_command,
             .before = (*loaded)->state.files(),
             .exports = parameters->exports(),
             .kept = {&used, 1}},
            channel);
      });
}

}  // namespace

void add_exec_command(CLI::App& app) {
  auto options = std::make_shared<ExecOptions>();
  CLI::App* command =
      app.add_subcommand("exec", "Run a WASI preview 1 command module in a fresh sandbox");
  command->add_option("module", options->module, "The module, in binary or text form")
      ->required()
      ->type_name("MODULE.wasm|.wat");
  options->run.add_to(*command);
  command->add_option("arguments", options->run.arguments, "The module's arguments, after --")
      ->type_name("ARGS");
  command->footer(
      "Exit codes as for `skerry run`.\n\nExamples:\n"
      "  skerry exec examples/hello/hello.wat\n"
      "  skerry exec tool.wasm --dir ./in::/in --output-dir out --timeout 5 -- --verbose "
      "/in/file\n");
  command->callback([options] {
    if (const int exit_code = exec(*options); exit_code != 0) throw CLI::RuntimeError(exit_code);
  });
}

}  // namespace skerry::app
