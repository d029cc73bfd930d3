// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry::jail {

/// A file in memory that can be sealed, and never executed where the kernel can say so (Linux 6.3).
/// `name` shows in /proc alone. Works inside the jail.
Result<OwnedFd> make_memory_file(const char* name);

/// Fixes content and size for good: no writing, growing, shrinking, and no other seals. Needed
/// before a descriptor goes to another process, which may map it and must find what it has checked.
/// kUnavailable while a writable shared mapping is left.
Status seal_memory_file(int fd);

/// For the receiving side: kPermissionDenied unless `fd` is a file in memory that is sealed as
/// above.
Status check_sealed(int fd);

}  // namespace skerry::jail
