// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "skerry/base/status.h"
#include "skerry/broker/broker.h"
#include "skerry/broker/session_turn.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_store.h"

namespace skerry::broker {

/// Runs in sessions, one after the other in each. A run begins at the session's head on disk and
/// makes the next: what a worker keeps of a session is only ever a faster way to the same state. So
/// it does not matter what other processes do with the store meanwhile, or when a worker dies.
///
/// Called, and calls back, on the thread that runs the io_context. What blocks happens on threads
/// of its own, where tenants do not wait for each other (`StoreLanes`).
class SessionRuns {
 public:
  struct Setting {
    session::Policy policy = {};
    std::filesystem::path store = {};  ///< empty: the home's
    /// After which what a worker keeps of an unused session is given back: it hibernates, and wakes
    /// with its next run. 1 ms to 1 day.
    std::chrono::milliseconds hibernate{60'000};
    int kept = 16;   ///< sessions that one worker keeps; 0 to 16
    int queue = 64;  ///< runs of one session that may wait; 0 to 100,000

    /// kInvalidArgument naming what is out of its bounds.
    Status check() const;
  };

  /// One run to do. `request.template_name` is empty for the session's own template.
  struct Order {
    std::string tenant;
    session::SessionName name;
    worker::RunRequest request;
    session::Durability durability = session::Durability::kCommitted;
    Isolation isolation = Isolation::kTenant;
    /// Sees the run while it happens; must live until the run is done.
    worker::RunObserver* observer = nullptr;
  };
  struct Answer {
    sandbox::Outcome outcome;
    SessionReport report;
  };
  using RunId = std::uint64_t;
  using Done = std::function<void(Result<Answer>)>;

  /// The io_context and the broker must outlive it.
  static Result<std::unique_ptr<SessionRuns>> start(boost::asio::io_context& io, Broker& broker,
                                                    const runtime::Home& home,
                                                    const Setting& setting);
  /// Waits for commits that are under way. Runs are not heard of again.
  ~SessionRuns();

  /// Runs when the session's earlier runs are done and a worker is free. `done` is called exactly
  /// once, later, when the run's state is safe. kResourceExhausted: too many wait already; try
  /// again.
  RunId run(Order order, Done done);

  /// Ends a run that waits or runs as kCancelled. Harmless when it is done already.
  void cancel(RunId id);

  /// Sessions that workers keep at this moment.
  int kept() const;

 private:
  class Lines;
  explicit SessionRuns(std::shared_ptr<Lines> lines) : lines_(std::move(lines)) {}
  std::shared_ptr<Lines> lines_;  // shared with handlers that are still queued
};

}  // namespace skerry::broker
