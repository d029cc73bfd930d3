// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::engine {

/// What compiling one module, or reading one text, may use.
struct CompileBudget {
  ByteSize memory = mib(4096);    ///< address space of the process
  std::chrono::seconds cpu{120};  ///< processor time, all threads together
};

/// What a limited process shares with the one that started it.
struct Limited {
  CompileBudget budget;
  /// The descriptors that it goes on using; no other is open.
  std::vector<int> kept;
  /// Called with its process number several times a second, if it is there.
  std::function<void(pid_t)> watch;
  /// What it does, for the message when it used up its budget.
  std::string_view task = "compiling the module";
  /// Compiling takes threads. What does without gets all of the jail, its filter of system calls
  /// and its limits included.
  enum class Threads { kMany, kOne };
  Threads threads = Threads::kMany;
};

/// Runs `body` in a process of its own, for work on a stranger's bytes that may use up or break
/// whatever does it; returns what it returned. The process is within the budget, and in the jail as
/// far as this host raises its walls: where it has threads, all but the filter of system calls.
/// kResourceExhausted when the process died: its budget, or worse, was used up. Answers are at most
/// 256 MiB. The caller must have one thread.
Result<std::string> run_limited(const Limited& how,
                                const std::function<Result<std::string>()>& body);

}  // namespace skerry::engine
