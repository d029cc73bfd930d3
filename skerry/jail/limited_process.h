// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::jail {

/// What a limited process may use.
struct ProcessBudget {
  ByteSize memory = mib(4096);    ///< address space of the process (RLIMIT_AS)
  std::chrono::seconds cpu{120};  ///< processor time, all threads together
  /// Private memory that it may write (RLIMIT_DATA), where less than its addresses: threads reserve
  /// more of these than they use.
  std::optional<ByteSize> private_memory = {};
  /// The directory of a control group that the process begins in, borrowed; -1: its parent's.
  int group = -1;
};

/// What a limited process shares with the one that started it.
struct Limited {
  ProcessBudget budget;
  /// The descriptors that it goes on using; no other is open.
  std::vector<int> kept;
  /// Called with its process number several times a second, if it is there.
  std::function<void(pid_t)> watch;
  /// What it does, for the message when it has used up its budget.
  std::string_view task = "compiling the module";
  /// Compiling takes threads; what does without gets a shorter list of system calls.
  enum class Threads { kMany, kOne };
  Threads threads = Threads::kMany;
};

/// Runs `body` in a process of its own, for work on a stranger's bytes that may use up or break
/// whatever does it; returns what it returned. The process is within the budget, and in the jail as
/// far as this host raises its walls: all that a worker has but for the control group, which is the
/// caller's to give. `body` opens nothing and makes nothing executable: what it needs is open and
/// mapped before. kResourceExhausted when the process died: its budget, or worse, was used up.
/// Answers are at most 256 MiB. The caller must have one thread.
Result<std::string> run_limited(const Limited& how,
                                const std::function<Result<std::string>()>& body);

/// What `run_limited` says when the budget was exceeded, for a body that notices by itself.
Status budget_exceeded(const Limited& how);

}  // namespace skerry::jail
