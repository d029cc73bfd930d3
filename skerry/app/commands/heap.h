// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/bytes.h"

namespace skerry::app {

/// Makes room for `size` on this process's heap, in huge pages where the kernel grants them: for a
/// short program that is about to allocate that much in small pieces, and pays a page fault for
/// every 4 KiB otherwise. Children that are forked later share the pages and copy 4 KiB at a time.
///
/// Has the allocator keep what is freed. Where the allocator is not glibc's, or the kernel has no
/// huge pages, nothing is lost. Call it before there is a second thread.
void reserve_heap(ByteSize size);

}  // namespace skerry::app
