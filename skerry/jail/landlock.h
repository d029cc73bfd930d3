// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "skerry/base/status.h"

namespace skerry::jail {

/// The version of Landlock's interface, 1 or more. kUnimplemented when the kernel has none, or was
/// started without it.
Result<int> landlock_version();

/// Forbids the calling thread, for good, to open or change any path; from version 4 also TCP, from
/// 6 abstract sockets and signals to the outside. What is open stays usable. Takes no_new_privs.
/// Reading metadata (stat) is not among what Landlock can forbid.
Status forbid_paths();

/// Lets the calling thread, for good, read only below `readable` and change files only below
/// `writable`; TCP stays as it is. From version 6 no abstract sockets and signals to the outside.
/// Paths that are not there are left out. Sets no_new_privs. For a program of the host that needs
/// the network, and so has no jail.
Status confine_paths(std::span<const std::filesystem::path> readable,
                     const std::filesystem::path& writable);

}  // namespace skerry::jail
