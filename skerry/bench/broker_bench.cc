// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/broker_bench.h"

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "skerry/base/os/child.h"
#include "skerry/runtime/registry.h"
#include "skerry/runtime/template_memory.h"
#include "skerry/store/directory_store.h"

namespace skerry::bench {
namespace {

using broker::Broker;
using run::Isolation;
using Clock = std::chrono::steady_clock;

constexpr ByteSize kSessionMemory = mib(512);
constexpr std::string_view kBenchTenant = "bench";

store::Policy policy() {
  store::Policy policy;
  policy.time_to_live = std::chrono::hours(24);
  policy.sessions = 100'000;
  policy.revisions = 10'000;
  policy.bytes = mib(1024 * 1024);
  return policy;
}

Status check(const sandbox::Outcome& outcome) {
  if (outcome.kind == sandbox::OutcomeKind::kCompleted) return ok_status();
  return absl::InternalError("the bench's program ended as " +
                             std::string(sandbox::name_of(outcome.kind)) + ": " + outcome.message);
}

}  // namespace

Result<std::unique_ptr<store::SessionStore>> open_bench_store(const std::filesystem::path& store) {
  return store::DirectoryStore::open(store, kBenchTenant, policy());
}

Result<std::unique_ptr<BrokerBench>> BrokerBench::start(const runtime::Home& home,
                                                        Options options) {
  auto bench = std::make_unique<BrokerBench>();
  const runtime::Installation installation = runtime::bundled_in(home);
  bench->template_name_ = installation.runtimes().default_template();
  broker::Options pool;
  SKERRY_ASSIGN(pool.zygote, program_beside("skerry-zygote"));
  pool.home = home;
  SKERRY_ASSIGN(pool.template_memory, runtime::largest_template(installation));
  SKERRY_ASSIGN(bench->broker_, Broker::start(bench->io_, pool));
  session::SessionRuns::Options runs;
  runs.hibernate = options.hibernate;
  SKERRY_ASSIGN(bench->sessions_,
                session::SessionRuns::start(
                    bench->io_, *bench->broker_, installation,
                    std::make_shared<store::DirectoryStores>(
                        options.store.empty() ? home.store() : std::move(options.store), policy()),
                    runs));
  SKERRY_TRY(bench->wait_for_spares(pool.spares));
  return bench;
}

Broker::RunId BrokerBench::begin(const std::string& tenant, const std::string& code,
                                 Isolation isolation, Broker::Done done,
                                 std::chrono::milliseconds wall) {
  broker::Run run;
  run.tenant = tenant;
  run.request.program.code = code;
  run.request.template_name = template_name_;
  run.request.limits.wall = wall;
  run.isolation = isolation;
  run.observer = &output_;
  return broker_->run(std::move(run), std::move(done));
}

Result<double> BrokerBench::time(const std::string& tenant, Isolation isolation) {
  std::optional<Status> ended;
  output_.text.clear();
  const auto begun = Clock::now();
  begin(tenant, "print(2+2)", isolation, [&](const Result<sandbox::Outcome>& outcome) {
    ended = outcome.ok() ? check(*outcome) : outcome.status();
  });
  while (!ended) io_.run_one();
  const double took = milliseconds_since(begun);
  if (!ended->ok()) return *ended;
  if (output_.text != "4\n") return absl::InternalError("a print printed something else");
  return took;
}

Result<Samples> BrokerBench::times(const std::string& tenant, int count, Isolation isolation) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    SKERRY_ASSIGN(const double took, time(tenant, isolation));
    samples.push_back(took);
  }
  return samples;
}

Result<double> BrokerBench::per_second(const std::string& tenant, int at_once, int count) {
  int done = 0;
  int begun = 0;
  Status failure;
  std::function<void()> next = [&] {
    ++begun;
    begin(tenant, "print(2+2)", Isolation::kTenant, [&](const Result<sandbox::Outcome>& outcome) {
      failure.Update(outcome.ok() ? check(*outcome) : outcome.status());
      ++done;
      if (begun < count) next();
    });
  };
  output_.text.clear();
  const auto start = Clock::now();
  for (int i = 0; i < at_once; ++i) next();
  while (done < begun) io_.run_one();
  if (!failure.ok()) return failure;
  return 1000 * count / milliseconds_since(start);
}

Result<double> BrokerBench::after_kill() {
  bool killed = false;
  begin(
      "killed", "while True: pass", Isolation::kProcess,
      [&](const Result<sandbox::Outcome>& outcome) {
        killed = outcome.ok() && outcome->kind == sandbox::OutcomeKind::kDeadline;
      },
      std::chrono::milliseconds(20));
  SKERRY_TRY(wait_until([&] { return killed; }));
  return time("killed", Isolation::kProcess);
}

void BrokerBench::begin(const InSession& run, const Ended& done) {
  auto name = store::SessionName::parse(run.name);
  if (!name.ok()) {
    done(name.status());
    return;
  }
  session::SessionRuns::Order order{.tenant = std::string(kBenchTenant),
                                    .name = *std::move(name),
                                    .request = {},
                                    .durability = run.durability,
                                    .isolation = run.isolation,
                                    .observer = &output_};
  order.request.program.code = run.code;
  order.request.limits.memory = kSessionMemory;
  boost::asio::co_spawn(
      io_, sessions_->run(std::move(order)),
      [done](const std::exception_ptr&, Result<run::Report> report) { done(std::move(report)); });
}

Result<double> BrokerBench::time(const InSession& run) {
  std::optional<Status> ended;
  const auto begun = Clock::now();
  begin(run, [&](const Result<run::Report>& report) {
    ended = report.ok() ? check(report->outcome) : report.status();
    if (ended->ok() && report->session->saved == "no") {
      ended = absl::InternalError("a run was not kept: " + report->session->message);
    }
  });
  while (!ended) io_.run_one();
  const double took = milliseconds_since(begun);
  if (!ended->ok()) return *ended;
  return took;
}

Status BrokerBench::wait_until(const std::function<bool()>& condition) {
  const auto end = Clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (Clock::now() > end) return absl::DeadlineExceededError("the bench waited in vain");
    io_.run_one_for(std::chrono::milliseconds(5));
  }
  return ok_status();
}

Status BrokerBench::wait_for_spares(int count) {
  return wait_until([&] { return broker_->counts().spare >= count; });
}

}  // namespace skerry::bench
