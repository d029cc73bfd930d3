// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/broker/options.h"
#include "skerry/run/report.h"
#include "skerry/run/request.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

namespace skerry::broker {

/// What makes a run one of a session.
struct InSession {
  /// The worker that keeps the session's state, if one does.
  std::optional<std::uint64_t> worker;
  /// What the worker that was chosen has to know, and the files beside it. Called when the run
  /// begins; again when that worker turns out to be dead.
  struct Start {
    worker::SessionStart start;
    std::optional<worker::SessionStart> second = {};  ///< of a file operation on two sessions
    std::vector<int> files;                           ///< open for as long as `owner` lives
    std::shared_ptr<const void> owner;
  };
  std::function<Start(std::uint64_t worker)> start;
  /// The state that the run left, unchecked, and whether `worker` keeps it. Called before `done`,
  /// and not at all when it left none.
  std::function<void(worker::LeftState state, bool is_kept)> left;
};

struct Run {
  std::string tenant;
  worker::RunRequest request;
  run::Isolation isolation = run::Isolation::kTenant;
  std::optional<InSession> session;
  /// Native code of the tenant's own, to run in a process that is made for it, instead of what the
  /// runtimes' workers do.
  std::shared_ptr<const OwnedFd> module;
  /// Input that comes while the program runs, as in a request.
  std::shared_ptr<run::InputFeed> input = nullptr;
  /// Sees the run while it happens; must live until the run is done.
  worker::RunObserver* observer = nullptr;
};

/// Admits runs, leases workers to tenants, relays events, and kills what overstays. A worker serves
/// one tenant and is replaced, never handed on. Whatever a worker does, it harms its own run only.
///
/// Everything happens on the thread that runs the io_context, without a lock; callbacks come there,
/// too. Never blocks after `start`.
class Broker {
 public:
  using RunId = std::uint64_t;
  using Done = std::function<void(Result<sandbox::Outcome>)>;

  /// Starts a zygote and waits until it is ready, at most 30 s. Its failure is what the runtime
  /// says: `skerry setup` mends it. The io_context must outlive the broker.
  static Result<std::unique_ptr<Broker>> start(boost::asio::io_context& io, Options options);
  /// Kills all workers. Runs under way are not heard of again.
  ~Broker();

  /// Runs once a worker is free. `done` is called exactly once, later: with the outcome, or with
  /// our own failure. kResourceExhausted: too many of the tenant's runs wait already; try again.
  RunId run(Run run, Done done);

  /// The same for coroutines: cancelling the wait cancels the run, whose outcome then says so.
  boost::asio::awaitable<Result<sandbox::Outcome>> run(Run run);

  /// Ends a run that waits or runs as kCancelled. Harmless when it is done already.
  void cancel(RunId id);

  /// Tells a worker that the states it keeps under these numbers will not be asked for again.
  void forget(std::uint64_t worker, const std::vector<std::uint64_t>& states);

  run::Counts counts() const;

  /// The workers that live, and the zygote they were forked from.
  std::vector<pid_t> processes() const;

 private:
  class Scheduler;
  explicit Broker(std::shared_ptr<Scheduler> scheduler) : scheduler_(std::move(scheduler)) {}
  std::shared_ptr<Scheduler> scheduler_;  // shared with handlers that are still queued
};

}  // namespace skerry::broker
