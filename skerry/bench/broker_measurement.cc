// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/broker_measurement.h"

#include <chrono>
#include <thread>

#include "skerry/bench/bench_directory.h"
#include "skerry/bench/broker_bench.h"
#include "skerry/bench/samples.h"

namespace skerry::bench {

Result<Measurement> measure_broker(const runtime::Home& home) {
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  SKERRY_ASSIGN(const auto bench, BrokerBench::start(home, {.store = directory->path() / "store"}));
  constexpr auto kTenant = run::Isolation::kTenant;
  constexpr auto kProcess = run::Isolation::kProcess;
  SKERRY_TRY(bench->times("one", 200, kTenant).status());
  SKERRY_ASSIGN(const Samples alone, bench->times("one", 4000, kTenant));
  Measurement m;
  fill_percentiles(alone, m);
  SKERRY_TRY(bench->per_second("one", 8, 2000).status());
  SKERRY_ASSIGN(m.per_second, bench->per_second("one", 8, 20'000));

  Samples isolated;
  Samples after_kill;
  for (int i = 0; i < 100; ++i) {
    SKERRY_TRY(bench->wait_for_spares(2));
    SKERRY_ASSIGN(const double took, bench->time("isolated", kProcess));
    isolated.push_back(took);
  }
  for (int i = 0; i < 50; ++i) {
    SKERRY_TRY(bench->wait_for_spares(2));
    SKERRY_ASSIGN(const double took, bench->after_kill());
    after_kill.push_back(took);
  }
  m.extra.emplace_back("process_p50_ms", median(isolated));
  m.extra.emplace_back("after_kill_p50_ms", median(after_kill));

  for (int i = 0; i < 10; ++i) {
    bench->begin("loops", "while True: pass", kTenant, [](const Result<sandbox::Outcome>&) {});
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  SKERRY_TRY(bench->times("one", 20, kTenant).status());
  SKERRY_ASSIGN(const Samples beside, bench->times("one", 500, kTenant));
  m.extra.emplace_back("beside_loops_p50_ms", median(beside));
  m.ratio = median(beside) / m.p50_ms;
  return m;
}

}  // namespace skerry::bench
