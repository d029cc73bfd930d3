// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sys/types.h>

#include "skerry/base/status.h"
#include "skerry/jail/policy.h"
#include "skerry/jail/wall.h"

namespace skerry::jail {

/// The namespaces among `walls`, as flags of clone3. They are made with the process: a PID
/// namespace holds only those born in it, and one call makes all of them belong to the new user
/// namespace.
std::uint64_t namespace_flags(WallSet walls);

/// Whether root may become `identity` here: both have a number in our own user namespace. A
/// container with one user alone has no other to become.
bool has_identity(const Identity& identity);

/// From outside, gives `child`'s new user namespace its one user and one group. Only root may name
/// others than its own.
Status map_identity(pid_t child, const Identity& identity);

/// From inside a mount namespace of its own: makes an empty read-only directory the root, and the
/// host's files unreachable but through open descriptors.
/// Call only there: anywhere else it would take the host's own root away.
Status dangerous_empty_root();

/// From inside a UTS namespace of its own: hides the host's name.
Status hide_host_name();

}  // namespace skerry::jail
