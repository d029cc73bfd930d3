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
/// By default there is no limit on address space: the engine reserves 4 GiB and guards for every
/// memory and touches little of it. Core dumps, child processes, locked memory, message queues and
/// raised priorities are always at 0.
struct Policy {
  /// Whom a process becomes that root started. Started by anyone else it stays who it is, and so
  /// does root of a container that has no such user.
  Identity identity = {};

  /// Threads that it may have at once, its first one included. With more than one the filter of
  /// system calls lets it start threads; processes and namespaces it never starts. Where it has a
  /// user namespace, whose processes Linux 5.14 and newer count apart, RLIMIT_NPROC holds it to
  /// this number and a few more; elsewhere that limit would count what others run, and is not set.
  unsigned threads = 1;

  /// Descriptors below this number only (RLIMIT_NOFILE). A worker holds its socket, its page map, a
  /// file for each template, and up to 50 for each session that it keeps.
  std::uint64_t descriptors = 1024;

  /// The largest page file it may write (RLIMIT_FSIZE): a whole linear memory and its manifest.
  ByteSize file_size = mib(4096 + 64);

  /// Private writable memory (RLIMIT_DATA) beyond what it has at `Cell::enclose`: mapped images,
  /// linear memory as far as it has grown, and the heap. Counts addresses that may be written, used
  /// or not; reserved ones do not count. Past it, allocations fail in the process. None by default:
  /// a broker sets it from outside, for each run, or bounds a control group, which counts pages.
  std::optional<ByteSize> private_memory = {};

  /// Address space (RLIMIT_AS), for a process that runs no guest. None by default.
  std::optional<ByteSize> addresses = {};

  /// Processor time of the process, all its runs together (RLIMIT_CPU); SIGKILL ends it. None by
  /// default: each run has a deadline that the broker keeps.
  std::optional<std::chrono::seconds> cpu = {};
};

}  // namespace skerry::jail
