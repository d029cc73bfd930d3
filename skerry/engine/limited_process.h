// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::engine {

/// What compiling one module, or reading one text, may use.
struct CompileBudget {
  ByteSize memory = mib(4096);    ///< address space of the process
  std::chrono::seconds cpu{120};  ///< processor time, all threads together
};

/// Runs `body` in a process of its own within `budget`, for work on a stranger's bytes that may use
/// up or break whatever does it; returns what it returned. `watch`, if any, is called with its
/// process number several times a second. kResourceExhausted when the process died: its budget, or
/// worse, was used up. Answers are at most 256 MiB.
Result<std::string> run_limited(const CompileBudget& budget,
                                const std::function<Result<std::string>()>& body,
                                const std::function<void(pid_t)>& watch = nullptr);

}  // namespace skerry::engine
