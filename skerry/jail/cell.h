// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <sys/types.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/jail/policy.h"
#include "skerry/jail/wall.h"

namespace skerry::jail {

class CallFilter;

/// The inside of the jail: what a process does to itself on the way to its first untrusted byte. It
/// exists only in processes that `spawn` makes, because outside its own namespaces the same steps
/// would be taken against the host. Confined to one thread.
///
/// 1. Open by path whatever needs a path: the page map, files of images and native code.
/// 2. `enclose`: no path, no privilege and no other process is within reach any more.
/// 3. Map native code, warm up. Nothing here may come from a tenant yet.
/// 4. `seal`: only then read the first untrusted byte.
///
/// A step that fails leaves walls missing: end the process.
class Cell {
 public:
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  /// Stage one: no environment any more, first to go when memory runs out; empty root, user and
  /// capabilities, limits, no_new_privs, Landlock, parent-death signal. kCancelled when the parent
  /// has died meanwhile. Call once.
  Status enclose();

  /// Stage two: closes every descriptor but `kept` and lets the system call filter fall. Afterwards
  /// nothing can be made executable. Call once, after `enclose`.
  Status seal(std::span<const int> kept);

 private:
  friend class Spawning;
  Cell(const Policy& policy, WallSet walls, std::optional<Identity> becoming, OwnedFd parent,
       const CallFilter* filter)
      : policy_(policy),
        walls_(walls),
        becoming_(becoming),
        parent_(std::move(parent)),
        filter_(filter) {}

  Policy policy_;
  WallSet walls_;
  std::optional<Identity> becoming_;
  OwnedFd parent_;
  const CallFilter* filter_;  // made ahead, or null
};

/// Where a new process hangs.
struct Placement {
  /// Whose death ends it, and who reaps it. A zygote's workers belong to the zygote's parent, and
  /// outlive the zygote.
  enum class Parent { kCaller, kCallersParent };
  Parent parent = Parent::kCaller;
  /// The directory of a control group to begin in, borrowed: with Wall::kCgroup, and only then.
  int cgroup = -1;
};

/// A process that runs, for its parent to own: `Child::adopt`.
struct Spawned {
  pid_t pid = 0;  ///< as the caller counts
  OwnedFd pidfd;
};

/// Runs `body` in a new process with the namespaces among `walls`; its exit code is what `body`
/// returns. It keeps all descriptors until `Cell::seal`, and runs no exit handlers. In a PID
/// namespace it is process 1: SIGABRT's default does nothing there, so an abort shows as SIGSEGV.
///
/// Like fork, but made with clone3 (where that is hidden, with clone), past pthread_atfork: the
/// caller must have one thread. Build
/// each set of walls on what `probe_walls` found standing: any wall of the set that cannot be
/// raised is a failure, here or in the Cell, never a weaker jail.
///
/// kPermissionDenied or kUnimplemented when the host refuses; kInvalidArgument when a control group
/// is among the walls and not in `placement`, or the other way round.
Result<Spawned> spawn(const Policy& policy, WallSet walls, const Placement& placement,
                      const std::function<int(Cell&)>& body);

}  // namespace skerry::jail
