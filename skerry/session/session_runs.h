// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/base/status.h"
#include "skerry/broker/broker.h"
#include "skerry/run/report.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_transaction.h"
#include "skerry/store/memory_tenant.h"
#include "skerry/store/session_store.h"

namespace skerry::session {

/// Runs in sessions, one after the other in each. A run begins at the session's head on disk and
/// makes the next: what a worker keeps of a session is only ever a faster way to the same state. So
/// it does not matter what other processes do with the store meanwhile, or when a worker dies.
///
/// Confined to the thread that runs the io_context. What blocks happens on threads of its own,
/// where tenants do not wait for each other (`StoreThreads`).
class SessionRuns {
 public:
  struct Options {
    /// After which what a worker keeps of an unused session is given back: it hibernates, and wakes
    /// with its next run. 1 ms to 1 day.
    std::chrono::milliseconds hibernate{60'000};
    int kept = 16;   ///< sessions that one worker keeps; 0 to 16
    int queue = 64;  ///< runs of one session that may wait; 0 to 100,000

    /// kInvalidArgument naming what is out of its bounds.
    Status check() const;
  };

  /// What an operation on files has besides its request.
  struct Files {
    /// As a list of the session's revisions names it.
    std::string title;
    /// Whether the session is the memory of a user of the tenant's, and no session of its own.
    bool is_memory = false;
    /// The user whose memory is the second session that it works on.
    std::optional<store::SessionName> second = std::nullopt;
    /// The operation in a sealed file, where the request does not have it.
    std::shared_ptr<const OwnedFd> operation = nullptr;

    /// Whose store has the session, and the second.
    std::string store_of(const std::string& tenant) const {
      return is_memory ? store::memory_tenant(tenant) : tenant;
    }
    static std::string second_store_of(const std::string& tenant) {
      return store::memory_tenant(tenant);
    }
  };

  /// One run to do, or one operation on files that may change them. `request.template_name` is
  /// empty for the session's own template.
  struct Order {
    std::string tenant;
    store::SessionName name;
    worker::RunRequest request;
    std::optional<Files> files = std::nullopt;  ///< where `request` has a file order
    store::Durability durability = store::Durability::kCommitted;
    run::Isolation isolation = run::Isolation::kTenant;
    /// Input that comes while the program runs, as in a request.
    std::shared_ptr<run::InputFeed> input = nullptr;
    /// Sees the run while it happens; must live until the run is done.
    worker::RunObserver* observer = nullptr;
  };

  /// All must outlive it.
  static Result<std::unique_ptr<SessionRuns>> start(
      boost::asio::io_context& io, broker::Broker& broker,
      const runtime::Installation& installation, std::shared_ptr<const store::SessionStores> stores,
      const Options& options);
  /// Waits for commits that are under way. Coroutines of runs are not resumed.
  ~SessionRuns();

  /// Runs when the session's earlier runs are done and a worker is free; returns when the run's
  /// state is safe. Cancelling the wait cancels the run, whose outcome then says so.
  /// kResourceExhausted: too many wait already; try again. A run's report always has its session.
  ///
  /// An operation on files takes its turn as a run does. It is worked on in the worker that keeps
  /// the session's state, if that is free, and the state stays there for the next run. A failure to
  /// commit what it changed is what this returns.
  boost::asio::awaitable<Result<run::Report>> run(Order order);

  /// A session's state in a worker, at this moment: for who looks at it, and takes nothing away.
  struct KeptState {
    std::uint64_t worker = 0;
    std::uint64_t state = 0;
    std::string revision;  ///< whose state it is
  };
  /// `store` is as in `Files::store_of`.
  std::optional<KeptState> kept_state(const std::string& store,
                                      const store::SessionName& name) const;

  /// Sessions that workers keep at this moment.
  int kept() const;

 private:
  class SessionQueues;
  explicit SessionRuns(std::shared_ptr<SessionQueues> queues) : queues_(std::move(queues)) {}
  std::shared_ptr<SessionQueues> queues_;  // shared with coroutines of runs
};

}  // namespace skerry::session
