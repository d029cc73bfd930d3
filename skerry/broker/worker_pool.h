// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/status.h"
#include "skerry/broker/options.h"
#include "skerry/broker/worker_bounds.h"
#include "skerry/broker/worker_link.h"
#include "skerry/broker/zygote_link.h"
#include "skerry/engine/engine.h"
#include "skerry/run/report.h"

namespace skerry::broker {

/// The workers, and the zygote that forks them. Keeps some workers spare, lets go those that have
/// idled for long, demotes those whose run lasts, and replaces a zygote that has gone or has forked
/// many. Which worker gets which run, its owner decides.
///
/// Confined to the io_context's thread, which must outlive it; callbacks come there, too. Never
/// blocks after `start`.
class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
 public:
  using Clock = std::chrono::steady_clock;

  /// A worker, and whose it is.
  struct Worker {
    std::shared_ptr<WorkerLink> link;
    std::shared_ptr<ZygoteLink> zygote;
    std::optional<std::string> tenant = {};  ///< none: a spare
    std::uint64_t run = 0;                   ///< the owner's number of it; 0: none
    bool is_for_one_run = false;
    Clock::time_point idle_since = Clock::now();
  };

  /// A tenant's own native code, open.
  struct Module {
    int code = -1;
    engine::Metering metering = engine::Metering::kNone;
  };
  /// What happens to workers. Each may add workers, and take them.
  struct Events {
    std::function<void(Worker& worker)> on_free;    ///< it takes a run now
    std::function<void(std::uint64_t id)> on_gone;  ///< it is no longer one of them
    std::function<void()> on_zygote;                ///< there is one again
  };

  WorkerPool(boost::asio::io_context& io, Options options);

  /// Starts a zygote and waits until it is ready, at most 30 s, then makes spares.
  Status start(Events events);
  /// Kills all. No callback comes afterwards.
  void stop();

  /// All workers by their ids.
  const std::map<std::uint64_t, Worker>& workers() const { return workers_; }
  /// Null when it has gone. The pointer is good until then.
  Worker* find(std::uint64_t id);
  /// Whether there is a zygote: none while it is being replaced.
  bool can_add() const { return zygote_ != nullptr; }
  /// A worker of this module's alone. Null when none can be made now.
  Worker* add_for(const Module& module) { return add(&module); }
  /// Asks for workers until enough are spare or on their way.
  void keep_spares();
  /// Makes runs that last give way to short ones, as long as there are runs.
  void watch_long_runs();

  /// Of workers and zygotes; runs are its owner's.
  run::Counts counts() const;
  /// The zygote and the workers that live.
  std::vector<pid_t> processes() const;

 private:
  using State = WorkerLink::State;

  Result<std::shared_ptr<ZygoteLink>> new_zygote();
  void set_zygote(std::shared_ptr<ZygoteLink> zygote);
  void on_event(const std::shared_ptr<ZygoteLink>& zygote, Result<worker::ReceivedEvent> received);
  void on_zygote_lost(const std::shared_ptr<ZygoteLink>& zygote);
  void restart_zygote();
  void renew_zygote();
  Worker* add(const Module* module);
  void changed(WorkerLink& link);
  bool is_full() const { return static_cast<int>(workers_.size()) >= options_.workers; }
  void sweep();

  boost::asio::io_context& io_;
  const Options options_;
  Events events_;
  WorkerGroups groups_;                 // before the workers that are in them
  std::shared_ptr<ZygoteLink> zygote_;  // none while it is being replaced
  boost::asio::steady_timer zygote_pause_;
  boost::asio::steady_timer sweep_;
  boost::asio::steady_timer demotion_;
  bool is_watching_ = false;
  std::chrono::milliseconds pause_;
  std::map<std::uint64_t, Worker> workers_;
  std::uint64_t last_worker_ = 0;
  run::Counts counts_;  // of what has been
  bool is_stopped_ = false;
};

}  // namespace skerry::broker
