// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "skerry/base/status.h"
#include "skerry/jail/policy.h"
#include "skerry/jail/wall.h"

namespace skerry::jail {

/// Each changes the calling process for good. None is needed outside this folder.

/// Lowers the limits that `policy` names, soft and hard alike: nothing raises them again. `walls`
/// says whether a user namespace stands, which counts its own processes.
Status limit_resources(const Policy& policy, WallSet walls);

/// No user namespaces below this process's own, where the kernel lets it say so: a second wall
/// behind the filter of system calls. From inside a user namespace with /proc still there.
void forbid_user_namespaces();

/// Gives up all capabilities and the ways to get them back, and closes the process to tracers and
/// core dumps. With `becoming`, which takes root, also leaves every group and becomes that user.
/// Clears the parent-death signal: the kernel does so when a process changes its user.
Status drop_privileges(const std::optional<Identity>& becoming);

/// no_new_privs: no program run from here, and no filter set from here, gives more rights.
Status forbid_new_privileges();

/// SIGKILL when the thread that is our parent dies. kCancelled when it is dead already, which
/// `parent`, a pidfd of its process, tells.
Status die_with_parent(int parent);

}  // namespace skerry::jail
