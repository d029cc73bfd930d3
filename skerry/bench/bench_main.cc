// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/terminal.h"
#include "skerry/bench/measurement.h"
#include "skerry/bench/measurement_report.h"
#include "skerry/bench/peers_program.h"
#include "skerry/bench/service/service_measurement.h"
#include "skerry/runtime/registry.h"

namespace skerry::bench {
namespace {

struct BenchOptions {
  std::string bench;
  std::string template_name = runtime::bundled_runtimes().default_template();
  bool json = false;
};

int bench(const BenchOptions& options) {
  const auto home = runtime::Home::from_environment();
  if (!home.ok()) return app::report_failure(home.status());
  const runtime::Installation installation = runtime::bundled_in(*home);
  {
    app::SetUpProgress progress;
    if (const auto steps =
            installation.set_up(engine::Metering::kNone, SealedFile::Depth::kTimes, progress);
        !steps.ok()) {
      return app::report_failure(steps.status());
    }
  }
  if (options.bench == kPeersBench) {
    return app::report_failure(
        become_peers_program(options.json ? PeersReport::kJson : PeersReport::kTable));
  }
  Result<Measurement> measurement =
      options.bench == kServiceBench ? measure_service(*home)
                                     : measure(options.bench, installation, options.template_name);
  if (!measurement.ok()) return app::report_failure(measurement.status());
  if (options.bench == kServiceBench) describe(kServiceBench, *measurement);
  report(*measurement, options.json);
  return 0;
}

}  // namespace
}  // namespace skerry::bench

// The program `skerry-bench`, which `skerry bench` becomes.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): the parser's, see below
  ::signal(SIGPIPE, SIG_IGN);
  skerry::bench::BenchOptions options;
  CLI::App program{"Measure this machine: fresh runs, forks, processor time, throughput",
                   "skerry bench"};
  program.add_option("bench", options.bench, "Which")
      ->required()
      ->check(CLI::IsMember(skerry::bench::bench_names()))
      ->type_name("NAME");
  program
      .add_option("--template", options.template_name,
                  fmt::format("The image to start from [{}]", options.template_name))
      ->type_name("NAME");
  program.add_flag("--json", options.json, "Print one JSON object");
  std::string footer;
  for (const auto& [name, what] : skerry::bench::bench_list()) {
    footer += fmt::format("  {:14} {}\n", name, what);
  }
  program.footer(footer + "\nExamples:\n  skerry bench fresh\n  skerry bench cpu --json\n");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 125;
  }
  return skerry::bench::bench(options);
}
