// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/session_measurement.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "skerry/bench/bench_directory.h"
#include "skerry/bench/broker_bench.h"
#include "skerry/bench/samples.h"

namespace skerry::bench {
namespace {

using store::Durability;
using store::SessionName;
using store::SessionStore;
using Clock = std::chrono::steady_clock;
using Run = BrokerBench::InSession;

constexpr const char* kFill =
    "x = bytearray(64 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1 + i % 251\nn = 0\n"
    "view = memoryview(x)\ntwo = [bytes(order) * 4096 for order in (range(256), range(255, -1, "
    "-1))]";
// Every byte of 1 MiB.
constexpr const char* kChangeSome = "n ^= 1\nview[2 << 20:3 << 20] = two[n]";
constexpr const char* kChangeLittle = "n += 1";

/// A broker beside an empty store, and a session "large" that holds 64 MiB.
Result<std::unique_ptr<BrokerBench>> start_with_large(const runtime::Home& home,
                                                      const std::filesystem::path& store) {
  SKERRY_ASSIGN(auto bench, BrokerBench::start(home, {.store = store}));
  SKERRY_TRY(bench->time(Run{.name = "large", .code = kFill}).status());
  return bench;
}

Result<Samples> time_runs(BrokerBench& bench, const Run& run, int count) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    SKERRY_ASSIGN(const double took, bench.time(run));
    samples.push_back(took);
  }
  return samples;
}

/// MiB that a process has to itself.
Result<double> private_mib(pid_t process) {
  std::ifstream rollup("/proc/" + std::to_string(process) + "/smaps_rollup");
  double kib = 0;
  bool found = false;
  for (std::string line; std::getline(rollup, line);) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    kib += std::stod(line.substr(line.find(':') + 1));
    found = true;
  }
  if (found) return kib / 1024;
  return absl::PermissionDeniedError("the memory of process " + std::to_string(process) +
                                     " cannot be read: run the bench as root");
}

Result<double> private_mib(BrokerBench& bench) {
  double sum = 0;
  for (const pid_t process : bench.broker().processes()) {
    SKERRY_ASSIGN(const double mib, private_mib(process));
    sum += mib;
  }
  return sum;
}

std::string numbered(const char* prefix, int number) { return prefix + std::to_string(number); }

}  // namespace

Result<SessionForks> measure_session_forks(const runtime::Home& home) {
  constexpr int kForks = 1000;
  constexpr int kUsed = 100;
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  SKERRY_ASSIGN(const auto bench, start_with_large(home, directory->path() / "store"));
  SessionForks result;
  {
    SKERRY_ASSIGN(const auto store, open_bench_store(directory->path() / "store"));
    SKERRY_ASSIGN(const SessionName large, SessionName::parse("large"));
    const auto begun = Clock::now();
    for (int i = 0; i < kForks; ++i) {
      SKERRY_ASSIGN(const SessionName fork, SessionName::parse(numbered("fork-", i)));
      SKERRY_TRY(store->fork(large, fork));
    }
    result.total_ms = milliseconds_since(begun);
  }
  Samples first_uses;
  for (int i = 0; i < kUsed; ++i) {
    SKERRY_ASSIGN(const double took,
                  bench->time(Run{.name = numbered("fork-", i), .code = kChangeLittle}));
    first_uses.push_back(took);
  }
  result.first_use_p50_ms = median(first_uses);
  return result;
}

Result<Measurement> measure_checkpoint(const runtime::Home& home) {
  constexpr int kRevisions = 100;
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  SKERRY_ASSIGN(const auto bench, start_with_large(home, directory->path() / "store"));
  const Run change{.name = "large", .code = kChangeSome};
  SKERRY_TRY(bench->time(change).status());
  SKERRY_ASSIGN(const Samples revisions, time_runs(*bench, change, kRevisions));
  Samples rewinds;
  {
    SKERRY_ASSIGN(const auto store, open_bench_store(directory->path() / "store"));
    SKERRY_ASSIGN(const SessionName large, SessionName::parse("large"));
    for (int i = 0; i < kRevisions; ++i) {
      const auto begun = Clock::now();
      SKERRY_TRY(store->rewind(large, std::to_string(1 + i)).status());
      rewinds.push_back(milliseconds_since(begun));
    }
  }
  Run small{.name = "small", .code = "n = 0"};
  SKERRY_TRY(bench->time(small).status());
  small.code = kChangeLittle;
  SKERRY_TRY(time_runs(*bench, small, 10).status());
  SKERRY_ASSIGN(const Samples committed, time_runs(*bench, small, kRevisions * 2));
  small.durability = Durability::kDurable;
  SKERRY_ASSIGN(const Samples durable, time_runs(*bench, small, kRevisions));
  Measurement m;
  fill_percentiles(revisions, m);
  m.extra.emplace_back("rewind_p50_ms", median(rewinds));
  m.extra.emplace_back("run_committed_p50_ms", median(committed));
  m.extra.emplace_back("run_durable_p50_ms", median(durable));
  return m;
}

Result<Measurement> measure_wake(const runtime::Home& home) {
  constexpr int kProcesses = 50;
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  SKERRY_ASSIGN(const auto bench, start_with_large(home, directory->path() / "store"));
  const Run look{.name = "large",
                 .code = "assert x[4096] == 1 + 4096 % 251",
                 .durability = Durability::kCommitted,
                 .isolation = run::Isolation::kProcess};
  Samples times;
  for (int i = 0; i < kProcesses; ++i) {
    SKERRY_TRY(bench->wait_for_spares(2));
    SKERRY_ASSIGN(const double took, bench->time(look));
    times.push_back(took);
  }
  Measurement m;
  fill_percentiles(times, m);
  return m;
}

Result<Measurement> measure_density(const runtime::Home& home) {
  constexpr int kKept = 16;  // sessions, in one worker
  constexpr int kSessions = 10'000;
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  SKERRY_ASSIGN(const auto bench, BrokerBench::start(home, {.store = directory->path() / "store",
                                                            .hibernate = std::chrono::seconds(3)}));
  Measurement m;
  // A worker with one session, then with sixteen: what the others add is theirs alone.
  const auto run_in_all = [&](int from, int to, const char* code) -> Result<Samples> {
    Samples times;
    for (int i = from; i < to; ++i) {
      SKERRY_ASSIGN(const double took, bench->time(Run{.name = numbered("s", i), .code = code}));
      times.push_back(took);
    }
    return times;
  };
  SKERRY_TRY(run_in_all(0, 1, "n = 0").status());
  SKERRY_TRY(run_in_all(0, 1, kChangeLittle).status());
  SKERRY_ASSIGN(const double before, private_mib(*bench));
  const int workers = static_cast<int>(bench->broker().processes().size());
  SKERRY_TRY(run_in_all(1, kKept, "n = 0").status());
  SKERRY_TRY(run_in_all(1, kKept, kChangeLittle).status());
  const int kept = bench->sessions().kept();
  SKERRY_ASSIGN(const double after, private_mib(*bench));
  if (static_cast<int>(bench->broker().processes().size()) != workers || kept < 2) {
    return absl::InternalError("the bench's workers changed while it measured");
  }
  m.extra.emplace_back("private_mib", (after - before) / (kept - 1));
  SKERRY_TRY(bench->wait_until([&] { return bench->sessions().kept() == 0; }));
  // Workers rest half a second after their last order.
  const auto rested = Clock::now() + std::chrono::seconds(2);
  SKERRY_TRY(bench->wait_until([&] { return Clock::now() >= rested; }));
  SKERRY_ASSIGN(const double asleep, private_mib(*bench));
  m.extra.emplace_back("hibernated_mib", std::max(0.0, (asleep - before) / kept));

  SKERRY_ASSIGN(const Samples created, run_in_all(kKept, kKept + kSessions, "n = 0"));
  SKERRY_TRY(bench->wait_until([&] { return bench->sessions().kept() == 0; }));
  SKERRY_ASSIGN(const Samples woken, run_in_all(kKept, kKept + kSessions, "n += 1\nassert n == 1"));
  SKERRY_ASSIGN(const auto store, open_bench_store(directory->path() / "store"));
  SKERRY_ASSIGN(const auto sessions, store->list());
  double bytes = 0;
  for (const auto& session : sessions) bytes += static_cast<double>(session.bytes);
  m.extra.emplace_back("sessions", static_cast<double>(created.size()));
  m.extra.emplace_back("created_p50_ms", median(created));
  m.extra.emplace_back(
      "disk_kib_per_session",
      bytes / 1024 / static_cast<double>(std::max<std::size_t>(1, sessions.size())));
  fill_percentiles(woken, m);
  return m;
}

}  // namespace skerry::bench
