// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/chaos_measurement.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <poll.h>
#include <random>
#include <set>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/socket.h"
#include "skerry/bench/bench_directory.h"
#include "skerry/bench/broker_bench.h"
#include "skerry/bench/samples.h"

namespace skerry::bench {
namespace {

using store::SessionName;
using Clock = std::chrono::steady_clock;

constexpr int kChaosSessions = 12;
constexpr int kChaosAtOnce = 6;
constexpr int kBrokers = 12;

/// A session's number counts its revisions, and the session counts, too. Another's state would give
/// itself away.
std::string program_of(int session) {
  return fmt::format(
      "n = globals().get('n', 0) + 1\nwhose = globals().get('whose', {0})\nassert whose == {0}\n",
      session);
}

std::string name_of(int session) { return "chaos-" + std::to_string(session); }

/// What the process with the broker tells as it happens, so that it may be killed at any moment.
struct Word {
  enum class Kind : std::int32_t { kAnswered, kProcess, kFailed };
  Kind kind = Kind::kAnswered;
  std::int32_t session = 0;
  std::int64_t number = 0;  ///< of the revision that was answered; of the process
  double took_ms = 0;
};

/// A broker under load whose workers and zygote die now and then.
class Victim {
 public:
  Victim(BrokerBench& bench, int socket, unsigned seed)
      : bench_(bench), socket_(socket), random_(seed) {}

  Status live() {
    for (int i = 0; i < kChaosAtOnce; ++i) begin();
    for (;;) {
      const auto pause = std::chrono::milliseconds(20 + random_() % 150);
      const auto next = Clock::now() + pause;
      SKERRY_TRY(bench_.wait_until([&] { return Clock::now() >= next || !failure_.ok(); }));
      if (!failure_.ok()) return failure_;
      const auto processes = bench_.broker().processes();
      for (const pid_t process : processes) {
        if (known_.insert(process).second) tell({.kind = Word::Kind::kProcess, .number = process});
      }
      // The first is the zygote, whose death is the workers' as well: less often.
      if (processes.size() < 2) continue;
      const std::size_t which = random_() % 8 == 0 ? 0 : 1 + random_() % (processes.size() - 1);
      ::kill(processes[which], SIGKILL);
    }
  }

 private:
  void begin() {
    const int session = static_cast<int>(random_() % kChaosSessions);
    const auto begun = Clock::now();
    const auto isolation = random_() % 5 == 0 ? run::Isolation::kProcess : run::Isolation::kTenant;
    bench_.begin({.name = name_of(session), .code = program_of(session), .isolation = isolation},
                 [this, session, begun](const Result<run::Report>& report) {
                   take(session, begun, report);
                   begin();
                 });
  }

  void take(int session, Clock::time_point begun, const Result<run::Report>& report) {
    // A failure of ours is told to the caller; only what was answered must not be lost.
    if (!report.ok()) return;
    if (report->outcome.kind == sandbox::OutcomeKind::kFailed) {
      failure_ = absl::DataLossError(name_of(session) + " has another's state");
      tell({.kind = Word::Kind::kFailed, .session = session});
    }
    if (report->session->saved == "no") return;
    tell({.session = session,
          .number = report->session->revision,
          .took_ms = milliseconds_since(begun)});
  }

  void tell(const Word& word) { (void)send_message(socket_, std::as_bytes(std::span(&word, 1))); }

  BrokerBench& bench_;
  int socket_;
  std::mt19937 random_;
  std::set<pid_t> known_;
  Status failure_;
};

/// What was answered by all brokers so far.
struct Ledger {
  std::map<int, std::int64_t> numbers;  // the last of each session
  std::set<pid_t> processes;
  Samples times;
  bool has_failed = false;

  void take(const Word& word) {
    switch (word.kind) {
      case Word::Kind::kAnswered:
        numbers[word.session] = std::max(numbers[word.session], word.number);
        times.push_back(word.took_ms);
        break;
      case Word::Kind::kProcess:
        processes.insert(static_cast<pid_t>(word.number));
        break;
      case Word::Kind::kFailed:
        has_failed = true;
        break;
    }
  }
};

/// Lets one broker live for a while and kills it.
Status one_life(const runtime::Home& home, const std::filesystem::path& directory,
                std::chrono::milliseconds span, unsigned seed, Ledger& ledger) {
  SKERRY_ASSIGN(auto ends, socket_pair(SOCK_SEQPACKET));
  SKERRY_ASSIGN(Child child, Child::fork([&] {
                  ends.first.close();
                  const auto bench = BrokerBench::start(home, {.store = directory});
                  if (!bench.ok()) return 1;
                  return Victim(**bench, ends.second.get(), seed).live().ok() ? 0 : 1;
                }));
  ends.second.close();
  const auto end = Clock::now() + span;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    pollfd waiting{ends.first.get(), POLLIN, 0};
    const int timeout = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    if (::poll(&waiting, 1, timeout) == 0) child.kill();
    Word word;
    SKERRY_ASSIGN(const auto received,
                  receive_message(ends.first.get(), std::as_writable_bytes(std::span(&word, 1))));
    if (received.size == 0) break;
    if (received.size == sizeof word) ledger.take(word);
  }
  return child.wait().status();
}

/// Every session is at what was answered last, or at a run that was under way; all that it has is
/// its own.
Status check(const runtime::Home& home, const std::filesystem::path& directory,
             const Ledger& ledger) {
  if (ledger.has_failed) return absl::DataLossError("a session had another's state");
  SKERRY_ASSIGN(const auto bench, BrokerBench::start(home, {.store = directory}));
  SKERRY_ASSIGN(const auto store, open_bench_store(directory));
  for (const auto& [session, answered] : ledger.numbers) {
    SKERRY_ASSIGN(const SessionName name, SessionName::parse(name_of(session)));
    SKERRY_ASSIGN(const auto info, store->info(name));
    if (info.head < answered) {
      return absl::DataLossError(fmt::format("{} is at revision {}, but {} was answered",
                                             name.text(), info.head, answered));
    }
    SKERRY_TRY(bench
                   ->time(BrokerBench::InSession{
                       .name = name.text(),
                       .code = program_of(session) + fmt::format("assert n == {}", info.head + 1)})
                   .status());
  }
  SKERRY_ASSIGN(const auto checked, store->check([](double) {}));
  if (checked.damaged.empty()) return ok_status();
  return absl::DataLossError(checked.damaged.front());
}

/// Processes of brokers that are gone.
std::size_t left_behind(const Ledger& ledger) {
  const auto lives = [](pid_t process) { return ::kill(process, 0) == 0; };
  for (int i = 0; i < 100; ++i) {
    if (std::none_of(ledger.processes.begin(), ledger.processes.end(), lives)) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return static_cast<std::size_t>(
      std::count_if(ledger.processes.begin(), ledger.processes.end(), lives));
}

}  // namespace

Result<Measurement> measure_chaos(const runtime::Home& home) {
  SKERRY_ASSIGN(const auto directory, BenchDirectory::create(home));
  std::random_device device;
  std::mt19937 random(device());
  Ledger ledger;
  const auto begun = Clock::now();
  for (int life = 0; life < kBrokers; ++life) {
    const auto span = std::chrono::milliseconds(1000 + random() % 2000);
    SKERRY_TRY(
        one_life(home, directory->path() / "store", span, static_cast<unsigned>(random()), ledger));
  }
  const double took = milliseconds_since(begun);
  const std::size_t left = left_behind(ledger);
  if (left > 0) return absl::InternalError(fmt::format("{} processes were left behind", left));
  if (ledger.times.empty()) return absl::InternalError("no run was answered");
  SKERRY_TRY(check(home, directory->path() / "store", ledger));
  Measurement m;
  const auto answered = static_cast<double>(ledger.times.size());
  fill_percentiles(std::move(ledger.times), m);
  m.per_second = 1000 * answered / took;
  m.extra.emplace_back("brokers_killed", kBrokers);
  m.extra.emplace_back("processes_seen", static_cast<double>(ledger.processes.size()));
  m.extra.emplace_back("revisions_lost", 0);
  return m;
}

}  // namespace skerry::bench
