// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"

namespace skerry::jail {

/// The version of Landlock's interface, 1 or more. kUnimplemented when the kernel has none, or was
/// started without it.
Result<int> landlock_version();

/// Forbids the calling thread, for good, to open or change any path; from version 4 also TCP, from
/// 6 abstract sockets and signals to the outside. What is open stays usable. Takes no_new_privs.
/// Reading metadata (stat) is not among what Landlock can forbid.
Status forbid_paths();

}  // namespace skerry::jail
