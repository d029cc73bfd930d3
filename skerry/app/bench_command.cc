// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/commands.h"
#include "skerry/app/measurement.h"
#include "skerry/app/measurement_report.h"
#include "skerry/app/service_program.h"
#include "skerry/app/terminal.h"
#include "skerry/runtime/home.h"
#include "skerry/runtime/installation.h"

namespace skerry::app {
namespace {

struct BenchOptions {
  std::string bench;
  std::string template_name{runtime::kDefaultTemplate};
  bool json = false;
};

/// What takes gRPC is measured by the program that has it.
int bench_service(const BenchOptions& options) {
  std::vector<std::string> words{"bench"};
  if (options.json) words.emplace_back("--json");
  return report_failure(become_service(std::move(words)));
}

int bench(const BenchOptions& options) {
  const auto home = runtime::Home::from_environment();
  if (!home.ok()) return report_failure(home.status());
  runtime::PythonInstallation installation(*home);
  {
    SetUpProgress progress;
    if (const auto steps =
            installation.set_up(engine::Metering::kNone, SealedFile::Depth::kTimes, progress);
        !steps.ok()) {
      return report_failure(steps.status());
    }
  }
  if (options.bench == kServiceBench) return bench_service(options);
  const auto measurement = measure(options.bench, installation, options.template_name);
  if (!measurement.ok()) return report_failure(measurement.status());
  report(*measurement, options.json);
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand(
      "bench", "Measure this machine: fresh runs, forks, processor time, throughput");
  command->add_option("bench", options->bench, "Which")
      ->required()
      ->check(CLI::IsMember(bench_names()))
      ->type_name("NAME");
  command->add_option("--template", options->template_name, "The image to start from [python-data]")
      ->type_name("NAME");
  command->add_flag("--json", options->json, "Print one JSON object");
  std::string footer;
  for (const auto& [name, what] : bench_list()) footer += fmt::format("  {:14} {}\n", name, what);
  command->footer(footer + "\nExamples:\n  skerry bench fresh\n  skerry bench cpu --json\n");
  command->callback([options] {
    if (const int exit = bench(*options); exit != 0) throw CLI::RuntimeError(exit);
  });
}

}  // namespace skerry::app
