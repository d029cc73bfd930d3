// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <sys/types.h>

#include "skerry/base/bytes.h"

namespace skerry::jail {

/// A user and a group of the host.
struct Identity {
  uid_t user = 65534;  ///< "nobody"
  gid_t group = 65534;
};

/// Who a jailed process is and how much it may use. A value.
///
/// There is no limit on address space: the engine reserves 4 GiB and guards for every memory and
/// touches little of it. Core dumps, child processes, locked memory, message queues and raised
/// priorities are always at 0.
struct Policy {
  /// Whom a process becomes that root started. Started by anyone else it stays who it is, and so
  /// does root of a container that has no such user.
  Identity identity;

  /// Descriptors below this number only (RLIMIT_NOFILE). A worker holds its socket, its page map, a
  /// file for each template, and up to 50 for each session that it keeps.
  std::uint64_t descriptors = 1024;

  /// The largest page file it may write (RLIMIT_FSIZE): a whole linear memory and its manifest.
  ByteSize file_size = mib(4096 + 64);

  /// Private writable memory (RLIMIT_DATA): mapped images, linear memory as far as it has grown,
  /// and the heap. Reserved addresses do not count. Past it, allocations fail in the worker. None
  /// by default: only who knows the sandbox's own limit can choose it, and a control group counts
  /// better, as it counts pages and not addresses.
  std::optional<ByteSize> private_memory;

  /// Processor time of the process, all its runs together (RLIMIT_CPU); SIGKILL ends it. None by
  /// default: each run has a deadline that the broker keeps.
  std::optional<std::chrono::seconds> cpu;
};

}  // namespace skerry::jail
