// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/broker_measurement.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "skerry/app/samples.h"
#include "skerry/broker/broker.h"
#include "skerry/runtime/installation.h"

namespace skerry::app {
namespace {

using broker::Broker;
using Clock = std::chrono::steady_clock;

class CountedOutput final : public worker::RunObserver {
 public:
  void output(wasi::Stream, std::string_view bytes) override { seen += bytes.size(); }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange&) override {}
  std::size_t seen = 0;
};

/// A broker, and the loop that it lives on.
class BrokerBench {
 public:
  static Result<std::unique_ptr<BrokerBench>> start(const runtime::Home& home) {
    auto bench = std::make_unique<BrokerBench>();
    broker::Setting setting;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    setting.zygote = self.parent_path() / "skerry-zygote";
    setting.home = home;
    SKERRY_ASSIGN(bench->broker_, Broker::start(bench->io_, setting));
    SKERRY_TRY(bench->wait_for_spares(setting.spares));
    return bench;
  }

  /// Starts a run; `done` is told how it ended.
  Broker::RunId begin(const std::string& tenant, const std::string& code,
                      broker::Isolation isolation, Broker::Done done,
                      std::chrono::milliseconds wall = std::chrono::seconds(30)) {
    broker::Run run;
    run.tenant = tenant;
    run.request.program.code = code;
    run.request.template_name = runtime::kDefaultTemplate;
    run.request.limits.wall = wall;
    run.isolation = isolation;
    run.observer = &output_;
    return broker_->run(std::move(run), std::move(done));
  }

  /// One run from its request to its outcome, in milliseconds.
  Result<double> time(const std::string& tenant,
                      broker::Isolation isolation = broker::Isolation::kTenant) {
    const std::size_t before = output_.seen;
    std::optional<Status> ended;
    const auto begun = Clock::now();
    begin(tenant, "print(2+2)", isolation, [&](const Result<sandbox::Outcome>& outcome) {
      ended = outcome.status();
      if (outcome.ok() && outcome->kind != sandbox::OutcomeKind::kCompleted) {
        ended =
            absl::InternalError("a print ended as " + std::string(sandbox::name_of(outcome->kind)) +
                                ": " + outcome->message);
      }
    });
    while (!ended) io_.run_one();
    const double took = milliseconds_since(begun);
    if (ended->ok() && output_.seen == before) {
      return absl::InternalError("a print printed nothing");
    }
    if (!ended->ok()) return *ended;
    return took;
  }

  Result<Samples> times(const std::string& tenant, int count, broker::Isolation isolation) {
    Samples samples;
    for (int i = 0; i < count; ++i) {
      SKERRY_ASSIGN(const double took, time(tenant, isolation));
      samples.push_back(took);
    }
    return samples;
  }

  /// Prints per second with `at_once` under way at any moment.
  Result<double> per_second(const std::string& tenant, int at_once, int count) {
    int done = 0;
    int begun = 0;
    Status failure;
    std::function<void()> next = [&] {
      ++begun;
      begin(tenant, "print(2+2)", broker::Isolation::kTenant,
            [&](const Result<sandbox::Outcome>& outcome) {
              failure.Update(outcome.status());
              ++done;
              if (begun < count) next();
            });
    };
    const auto start = Clock::now();
    for (int i = 0; i < at_once; ++i) next();
    while (done < count && failure.ok()) io_.run_one();
    if (!failure.ok()) return failure;
    return 1000 * count / milliseconds_since(start);
  }

  /// Runs a loop until its deadline, and times the next print: the worker is gone, a spare is not.
  Result<double> after_kill() {
    bool killed = false;
    begin(
        "killed", "while True: pass", broker::Isolation::kProcess,
        [&](const Result<sandbox::Outcome>& outcome) {
          killed = outcome.ok() && outcome->kind == sandbox::OutcomeKind::kDeadline;
        },
        std::chrono::milliseconds(20));
    while (!killed) io_.run_one();
    return time("killed", broker::Isolation::kProcess);
  }

  Status wait_for_spares(int count) {
    const auto end = Clock::now() + std::chrono::seconds(30);
    while (broker_->counts().spare < count) {
      if (Clock::now() > end) return absl::DeadlineExceededError("no worker warmed up");
      io_.run_one_for(std::chrono::milliseconds(10));
    }
    return ok_status();
  }

 private:
  boost::asio::io_context io_;
  CountedOutput output_;
  std::unique_ptr<Broker> broker_;
};

}  // namespace

Result<Measurement> measure_broker(const runtime::Home& home) {
  SKERRY_ASSIGN(const auto bench, BrokerBench::start(home));
  constexpr auto kTenant = broker::Isolation::kTenant;
  constexpr auto kProcess = broker::Isolation::kProcess;
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

}  // namespace skerry::app
