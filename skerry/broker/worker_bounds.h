// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/os/child.h"
#include "skerry/base/status.h"
#include "skerry/jail/cgroup.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::broker {

/// How much memory a worker may need for what it was asked to hold: the sandbox of fresh runs, the
/// states of sessions that it keeps, the run that it has. Counts what limits allow, not what
/// is used. A value.
class WorkerMemory {
 public:
  /// A run that needs at most `need`. In a session it takes the state numbered `from` (0: none) and
  /// may leave one numbered `becomes`; for a fresh run both are 0.
  void begin(ByteSize need, std::uint64_t from, std::uint64_t becomes);
  /// The run's end, and whether the worker keeps the state that it left.
  void end(bool is_kept);
  void forget(const std::vector<std::uint64_t>& states);

  /// The most that was ever needed at once: a worker's limit is raised and never lowered, as what a
  /// run has left is given back after the next one may have begun.
  ByteSize most() const { return bytes(most_); }

 private:
  std::uint64_t fresh_ = 0;
  std::uint64_t spare_ = 0;  // of the state forgotten last, which the worker may use again
  std::map<std::uint64_t, std::uint64_t> kept_;
  std::uint64_t becomes_ = 0;  // of the run that it has
  std::uint64_t most_ = 0;
};

/// Bounds one worker's memory and processors from outside: by a control group of its own where the
/// service has them, else its memory alone, by RLIMIT_DATA. Confined to one thread.
class WorkerBounds {
 public:
  WorkerBounds() = default;
  /// `group` must have limits already, and no process.
  explicit WorkerBounds(jail::ControlGroup group);

  /// The directory of the worker's group, for the zygote; -1: none.
  int group() const { return group_ ? group_->fd() : -1; }

  /// The worker is warm and has met no untrusted byte: what it holds now is no run's.
  void warmed(pid_t pid);
  /// Its process number became known when it had a run already.
  void found(pid_t pid);

  /// Raises the bound to what `memory` says, where that is more.
  void allow(const WorkerMemory& memory);

  /// Lets all others have the processors first.
  void yield_processor();

  /// Who ended the worker, as far as its group can tell.
  worker::KilledBy killed_by() const;

  /// The group, for the next worker.
  std::optional<jail::ControlGroup> release() { return std::exchange(group_, std::nullopt); }

 private:
  void set(std::uint64_t limit);

  std::optional<jail::ControlGroup> group_;
  std::uint64_t kills_before_ = 0;
  pid_t pid_ = 0;
  std::uint64_t base_ = 0;  // held when it was warm
  std::uint64_t limit_ = 0;
};

/// Groups for workers: made when they are first needed, used again by later workers. Confined to
/// one thread.
class WorkerGroups {
 public:
  /// Without `groups` workers have none.
  explicit WorkerGroups(std::optional<jail::ControlGroups> groups) : groups_(std::move(groups)) {}

  /// Bounds for a worker that is about to be made. Fails when there should be a group and none can
  /// be had.
  Result<WorkerBounds> next();
  /// Those of a worker that has gone.
  void give_back(WorkerBounds bounds);

 private:
  std::optional<jail::ControlGroups> groups_;
  std::vector<jail::ControlGroup> free_;
  int made_ = 0;
};

}  // namespace skerry::broker
