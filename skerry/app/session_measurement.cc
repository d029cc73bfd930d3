// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/session_measurement.h"

#include <chrono>
#include <memory>
#include <string>

#include "skerry/app/measurer.h"
#include "skerry/image/captured_state.h"
#include "skerry/jail/memory_file.h"
#include "skerry/runtime/python.h"
#include "skerry/session/session_store.h"

namespace skerry::app {
namespace {

using session::SessionName;
using session::SessionStore;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kTenant = "skerry-bench";
constexpr std::string_view kFill =
    "x = bytearray(64 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1 + i % 251\nn = 0";
constexpr std::string_view kChangeSome = "for i in range(0, 1 << 20, 4096): x[i] ^= 255";
constexpr std::string_view kChangeLittle = "n += 1";
constexpr ByteSize kMemory = mib(512);

Result<std::unique_ptr<SessionStore>> open_store(const runtime::PythonInstallation& installation) {
  session::Policy policy;
  policy.time_to_live = std::chrono::hours(24);
  policy.sessions = 100'000;
  policy.revisions = 10'000;
  return SessionStore::open(installation.home().store(), kTenant, policy);
}

class NoOutput final : public wasi::OutputSink {
  Status write(wasi::Stream, std::span<const std::byte>) override { return ok_status(); }
};

/// A session in this process: where it stands, and a sandbox there.
class Seat {
 public:
  static Result<std::unique_ptr<Seat>> take(const runtime::PythonInstallation& installation,
                                            const std::string& name) {
    auto seat = std::unique_ptr<Seat>(new Seat(installation));
    SKERRY_ASSIGN(seat->template_,
                  installation.open(runtime::kDefaultTemplate, engine::Metering::kNone));
    SKERRY_ASSIGN(seat->store_, open_store(installation));
    SKERRY_TRY(seat->wake(name));
    return seat;
  }

  /// Goes where a session stands.
  Status wake(const std::string& name) {
    lease_.reset();
    SKERRY_ASSIGN(const SessionName parsed, SessionName::parse(name));
    SKERRY_ASSIGN(lease_, store_->lease(parsed));
    SKERRY_ASSIGN(auto head, store_->head(*lease_));
    sandbox_.reset();
    if (head.revision) {
      parent_ = *std::move(head.revision);
      SKERRY_ASSIGN(origin_, installation_.open(parent_.image, *template_));
    } else {
      parent_ = {};
      parent_.image = template_->image;
      origin_.reset();
    }
    sandbox::Limits limits;
    limits.memory = kMemory;
    SKERRY_ASSIGN(sandbox_, sandbox::Sandbox::load(origin_ ? *origin_ : *template_, limits));
    return ok_status();
  }

  Status run(std::string_view code) {
    NoOutput output;
    wasi::NoInput input;
    sandbox::World world;
    world.output = &output;
    world.input = &input;
    runtime::PythonProgram program;
    program.code = code;
    program.is_continued = true;
    SKERRY_ASSIGN(const auto outcome,
                  runtime::run_python(*sandbox_, program, world, runtime::Randomness::kKept));
    if (outcome.kind == sandbox::OutcomeKind::kCompleted) return ok_status();
    return absl::InternalError("the bench's session failed: " + outcome.message);
  }

  /// What a worker and its broker do after a run: hand the state over, make it the head.
  Status commit(session::Durability durability = session::Durability::kCommitted) {
    SKERRY_ASSIGN(const auto state, sandbox_->captured());
    SKERRY_ASSIGN(const OwnedFd file, jail::make_memory_file("state"));
    SKERRY_TRY(image::write_captured(file.get(), state, sandbox_->memory()));
    SKERRY_TRY(jail::seal_memory_file(file.get()));
    SKERRY_ASSIGN(const auto captured, image::read_captured(file.get(), *parent_.image, kMemory));
    return store_
        ->commit(*lease_, parent_, captured,
                 {.first_line = "bench",
                  .outcome = "completed",
                  .template_file = installation_.template_path(runtime::kDefaultTemplate),
                  .durability = durability})
        .status();
  }

  SessionStore& store() { return *store_; }
  void release() { lease_.reset(); }

 private:
  explicit Seat(const runtime::PythonInstallation& installation) : installation_(installation) {}

  const runtime::PythonInstallation& installation_;
  std::unique_ptr<sandbox::Origin> template_;
  std::unique_ptr<SessionStore> store_;
  std::optional<SessionStore::Lease> lease_;
  image::Revision parent_;
  std::unique_ptr<sandbox::Origin> origin_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

/// A session "large" that holds 64 MiB. Clears what an earlier bench left.
Status make_large_session(const runtime::PythonInstallation& installation) {
  SKERRY_ASSIGN(const auto store, open_store(installation));
  SKERRY_TRY(store->clear({}).status());
  return in_process([&]() -> Result<Samples> {
           SKERRY_ASSIGN(const auto seat, Seat::take(installation, "large"));
           SKERRY_TRY(seat->run(kFill));
           SKERRY_TRY(seat->commit());
           return Samples{1};
         })
      .status();
}

Status clear(const runtime::PythonInstallation& installation) {
  SKERRY_ASSIGN(const auto store, open_store(installation));
  return store->clear({}).status();
}

/// Times of `count` runs and commits of a session, each on the revision before.
Result<Samples> time_runs(Seat& seat, const std::string& name, int count,
                          session::Durability durability) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    SKERRY_TRY(seat.wake(name));
    const auto begun = Clock::now();
    SKERRY_TRY(seat.run(kChangeLittle));
    SKERRY_TRY(seat.commit(durability));
    samples.push_back(milliseconds_since(begun));
  }
  return samples;
}

}  // namespace

Result<SessionForks> measure_session_forks(const runtime::PythonInstallation& installation) {
  constexpr int kForks = 1000;
  constexpr int kUsed = 100;
  SKERRY_TRY(make_large_session(installation));
  SKERRY_ASSIGN(const Samples samples, in_process([&]() -> Result<Samples> {
                  SKERRY_ASSIGN(const auto store, open_store(installation));
                  SKERRY_ASSIGN(const SessionName large, SessionName::parse("large"));
                  const auto begun = Clock::now();
                  for (int i = 0; i < kForks; ++i) {
                    SKERRY_ASSIGN(const SessionName fork,
                                  SessionName::parse("fork-" + std::to_string(i)));
                    SKERRY_TRY(store->fork(large, fork));
                  }
                  Samples times{milliseconds_since(begun)};
                  SKERRY_ASSIGN(const auto seat, Seat::take(installation, "large"));
                  for (int i = 0; i < kUsed; ++i) {
                    const auto woken = Clock::now();
                    SKERRY_TRY(seat->wake("fork-" + std::to_string(i)));
                    SKERRY_TRY(seat->run(kChangeLittle));
                    times.push_back(milliseconds_since(woken));
                  }
                  return times;
                }));
  SKERRY_TRY(clear(installation));
  return SessionForks{.total_ms = samples[0],
                      .first_use_p50_ms = median(Samples(samples.begin() + 1, samples.end()))};
}

Result<Measurement> measure_checkpoint(const runtime::PythonInstallation& installation) {
  constexpr int kRevisions = 100;
  SKERRY_TRY(make_large_session(installation));
  SKERRY_ASSIGN(const Samples samples, in_process([&]() -> Result<Samples> {
                  Samples times;
                  SKERRY_ASSIGN(const auto seat, Seat::take(installation, "large"));
                  for (int i = 0; i < kRevisions; ++i) {
                    SKERRY_TRY(seat->wake("large"));
                    SKERRY_TRY(seat->run(kChangeSome));
                    const auto begun = Clock::now();
                    SKERRY_TRY(seat->commit());
                    times.push_back(milliseconds_since(begun));
                  }
                  seat->release();
                  SKERRY_ASSIGN(const SessionName large, SessionName::parse("large"));
                  for (int i = 0; i < kRevisions; ++i) {
                    const auto begun = Clock::now();
                    SKERRY_TRY(seat->store().rewind(large, std::to_string(1 + i)).status());
                    times.push_back(milliseconds_since(begun));
                  }
                  SKERRY_TRY(seat->wake("small"));
                  SKERRY_TRY(seat->run("n = 0"));
                  SKERRY_TRY(seat->commit());
                  for (const auto durability :
                       {session::Durability::kCommitted, session::Durability::kDurable}) {
                    SKERRY_ASSIGN(const Samples runs,
                                  time_runs(*seat, "small", kRevisions, durability));
                    times.insert(times.end(), runs.begin(), runs.end());
                  }
                  return times;
                }));
  SKERRY_TRY(clear(installation));
  const auto part = [&](int at) {
    return Samples(samples.begin() + at * kRevisions, samples.begin() + (at + 1) * kRevisions);
  };
  Measurement m;
  fill_percentiles(part(0), m);
  m.extra.emplace_back("rewind_p50_ms", median(part(1)));
  m.extra.emplace_back("run_committed_p50_ms", median(part(2)));
  m.extra.emplace_back("run_durable_p50_ms", median(part(3)));
  return m;
}

Result<Measurement> measure_wake(const runtime::PythonInstallation& installation) {
  constexpr int kProcesses = 30;
  SKERRY_TRY(make_large_session(installation));
  Samples times;
  for (int i = 0; i < kProcesses; ++i) {
    SKERRY_ASSIGN(const Samples one, in_process([&]() -> Result<Samples> {
                    SKERRY_ASSIGN(const auto seat, Seat::take(installation, "other"));
                    const auto begun = Clock::now();
                    SKERRY_TRY(seat->wake("large"));
                    SKERRY_TRY(seat->run("assert x[4096] == 1 + 4096 % 251"));
                    return Samples{milliseconds_since(begun)};
                  }));
    times.push_back(one.at(0));
  }
  SKERRY_TRY(clear(installation));
  Measurement m;
  fill_percentiles(times, m);
  return m;
}

}  // namespace skerry::app
