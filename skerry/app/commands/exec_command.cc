// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <memory>
#include <unistd.h>

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

struct ExecOptions {
  RunOptions run;
  std::string module;
  std::string max_module = "50";
  std::string max_data_segments = "200000";
  std::string max_compile = "180";
};

/// What a module may declare, and compile within.
struct ModuleBounds {
  wasm::ModuleLimits limits;
  engine::CompileBudget budget = runtime::kCommandBudget;

  static Result<ModuleBounds> of(const ExecOptions& options, const sandbox::Limits& limits) {
    ModuleBounds bounds{.limits = runtime::module_limits(limits)};
    bounds.limits.memory_maximum = mib(4096);  // it grows no further than it may, as elsewhere
    SKERRY_ASSIGN(const std::uint64_t mebibytes,
                  whole("--max-module", options.max_module, 1, 512, "MB"));
    bounds.limits.module_size = mib(mebibytes);
    SKERRY_ASSIGN(
        bounds.limits.data_segments,
        whole("--max-data-segments", options.max_data_segments, 0, 1'000'000, "segments"));
    SKERRY_ASSIGN(const std::uint64_t seconds,
                  whole("--max-compile", options.max_compile, 1, 86'400, "seconds"));
    bounds.budget.cpu = std::chrono::seconds(seconds);
    return bounds;
  }
};

/// `status` with how to raise the limit that it names.
Status with_option(const Status& status, std::string_view option) {
  if (status.code() != StatusCode::kResourceExhausted) return status;
  return Status(status.code(),
                std::string(message_of(status)) + "; raise it with " + std::string(option));
}

/// The same for `status`, why `file` was refused under `limits`: the limit to raise is the one
/// without which the module is not refused, or for something else.
Status with_option(const Status& status, std::string_view file, const wasm::ModuleLimits& limits) {
  constexpr std::uint64_t kAny = std::uint64_t{1} << 40;
  struct Option {
    std::string_view name;
    void (*raise)(wasm::ModuleLimits& limits);
  };
  constexpr Option kOptions[] = {
      {.name = "--max-module MB",
       .raise = [](wasm::ModuleLimits& raised) { raised.module_size = bytes(kAny); }},
      {.name = "--max-data-segments N",
       .raise = [](wasm::ModuleLimits& raised) { raised.data_segments = kAny; }},
      {.name = "--max-table-elements N",
       .raise = [](wasm::ModuleLimits& raised) { raised.table_elements = kAny; }},
      {.name = "--memory MB",
       .raise = [](wasm::ModuleLimits& raised) { raised.memory = bytes(kAny); }}};
  if (status.code() != StatusCode::kResourceExhausted) return status;
  wasm::ModuleLimits none = limits;
  for (const Option& each : kOptions) each.raise(none);
  if (runtime::check_command(file, none).status() == status) return status;  // no option helps
  for (const Option& each : kOptions) {
    wasm::ModuleLimits raised = limits;
    each.raise(raised);
    if (runtime::check_command(file, raised).status() != status) {
      return with_option(status, each.name);
    }
  }
  return status;
}

Result<std::unique_ptr<sandbox::LoadedImage>> image_of_module(const ExecOptions& options,
                                                              const sandbox::Limits& limits) {
  SKERRY_ASSIGN(const ModuleBounds bounds, ModuleBounds::of(options, limits));
  SKERRY_ASSIGN(const std::string file, read_file(options.module, kMaxRead));
  auto command = runtime::check_command(file, bounds.limits);
  if (!command.ok())
    return annotate(with_option(command.status(), file, bounds.limits), options.module);
  SKERRY_ASSIGN(const runtime::Home home, runtime::Home::from_environment());
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(home.module_cache()));
  const auto metering = limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone;
  LateProgress progress("compiling " + options.module);
  engine::NativeCache::Progress shown;
  if (::isatty(STDERR_FILENO) == 1) shown = [&](double fraction) { progress.progress(fraction); };
  auto loaded = runtime::prepare_command(*command, metering, cache, bounds.budget, shown);
  if (!loaded.ok())
    return annotate(with_option(loaded.status(), "--max-compile S"), options.module);
  return loaded;
}

int exec(const ExecOptions& options) {
  auto parameters = RunParameters::open(options.run);
  if (!parameters.ok()) return fail(options.run, parameters.status());
  const auto loaded = image_of_module(options, parameters->limits);
  if (!loaded.ok()) return fail(options.run, loaded.status());
  return run_and_report(
      options.run, *parameters, bytes(0),
      [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
        wasi::FileSystem& files = (*loaded)->state.files();
        files.set_quotas(sandbox::quotas_under(parameters->limits, files.quotas()));
        SKERRY_TRY(parameters->import_directories(files));
        worker::DescriptorInput input = parameters->input_for(channel);
        sandbox::RunEnvironment environment = parameters->run_environment(channel, input);
        environment.process.arguments.push_back(options.module);
        environment.process.arguments.insert(environment.process.arguments.end(),
                                             options.run.arguments.begin(),
                                             options.run.arguments.end());
        for (const auto& [name, value] : parameters->environment)
          environment.process.environment.push_back(name + "=" + value);
        const int used = parameters->input.get();
        std::unique_ptr<sandbox::Sandbox> sandbox;
        return worker::run_guest(
            {.sandbox = [&]() -> Result<sandbox::Sandbox*> {
               SKERRY_ASSIGN(sandbox,
                             sandbox::Sandbox::load(**loaded, parameters->limits, &environment));
               return sandbox.get();
             },
             .run = runtime::run_command,
             .before = (*loaded)->state.files(),
             .exports = parameters->exports(),
             .reports_changes = parameters->changes() == worker::FileChanges::kReported,
             .kept = {&used, 1}},
            channel);
      });
}

}  // namespace

void add_exec_command(CLI::App& app) {
  auto options = std::make_shared<ExecOptions>();
  // Programs of the Go toolchain have more elements than is the rule elsewhere.
  options->run.max_table_elements = "100000";
  CLI::App* command =
      app.add_subcommand("exec", "Run a WASI preview 1 command module in a fresh sandbox");
  command->add_option("module", options->module, "The module, in binary or text form")
      ->required()
      ->type_name("MODULE.wasm|.wat");
  options->run.add_to(*command);
  command->add_option("--max-module", options->max_module, "Size of the module [50]")
      ->type_name("MB");
  command
      ->add_option("--max-data-segments", options->max_data_segments,
                   "Data segments of the module [200000]")
      ->type_name("N");
  command
      ->add_option("--max-compile", options->max_compile,
                   "Processor time that compiling the module may take, which does not count as "
                   "wall time [180]")
      ->type_name("S");
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
