// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/broker/worker_link.h"

namespace skerry::broker {

/// Who may have which worker. It sees all workers as they are now, and decides; the broker acts,
/// and asks anew afterwards. A value, made for a few questions; the names in it are borrowed.
class LeasePolicy {
 public:
  using Clock = std::chrono::steady_clock;
  using State = WorkerLink::State;

  struct Settings {
    int workers = 1;  ///< at most
    int share = 0;    ///< of them, for one tenant; 0: it depends on the others
    int at_once = 1;  ///< runs that may have just begun; one more for a tenant that runs nothing
  };
  struct Worker {
    std::uint64_t id = 0;
    State state = State::kFree;
    std::optional<std::string_view> tenant = {};  ///< none: a spare
    bool is_for_one_run = false;
    bool has_just_begun = false;  ///< its run
    Clock::time_point idle_since = {};
  };
  /// What the first run in a tenant's queue needs.
  struct Need {
    enum class Kind {
      kWorker,   ///< one of the tenant's, or a spare
      kProcess,  ///< a spare, for it alone
      kModule,   ///< a worker that is made for it
    };
    std::string_view tenant;
    Kind kind = Kind::kWorker;
    std::optional<std::uint64_t> state_in = {};  ///< the worker that keeps its session's state
  };
  /// What a run gets; nothing when it has to wait.
  struct Choice {
    std::optional<std::uint64_t> worker = {};
    bool is_new = false;  ///< a worker is to be made for it
  };

  LeasePolicy(const Settings& settings, std::vector<Worker> workers)
      : settings_(settings), workers_(std::move(workers)) {}

  /// Whether so many runs have just begun that another would only share processors with them.
  bool is_crowded() const;

  /// Whether the tenant may have one more worker, if there is one. Without a fixed share the more
  /// it holds the more must be left (dynamic thresholds, as in Choudhury and Hahne, 1998), and who
  /// comes after others leaves the last one to those who have none.
  bool may_lease(std::string_view tenant) const;

  /// For a run that begins now: of the tenant's free workers the one that keeps the session's
  /// state, else the one used last, whose pages are the warmest; else a spare. A worker that is to
  /// be made leaves `owed` places free, for tenants whose turn is before.
  Choice choose(const Need& need, int owed) const;

  /// Whether a worker that has become free leaves its place to one of the `waiting` tenants that
  /// has fewer: its own next run would keep that one waiting for ever.
  bool gives_way(std::uint64_t worker, std::span<const std::string_view> waiting) const;

  /// The worker that goes so that one of those who wait can begin; none when room is coming anyway,
  /// or nobody may have more. It is the one idle longest, or for a process of a run's own a spare;
  /// or, where a tenant's idle workers use up its share, one of these.
  std::optional<std::uint64_t> to_retire(std::span<const Need> waiting) const;

 private:
  template <typename Predicate>
  int count(Predicate predicate) const;
  bool is_full() const { return free_places() <= 0; }
  int free_places() const { return settings_.workers - static_cast<int>(workers_.size()); }
  int begun() const;
  bool runs_none(std::string_view tenant) const;
  int held_by(std::string_view tenant) const;
  bool has_idle(std::string_view tenant) const;
  bool is_place_coming() const;
  bool is_room_coming() const;
  const Worker* find_spare() const;
  const Worker* warmest(const Need& need) const;
  std::optional<std::uint64_t> idle_longest(std::optional<std::string_view> tenant) const;

  Settings settings_;
  std::vector<Worker> workers_;
};

}  // namespace skerry::broker
