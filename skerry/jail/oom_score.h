// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry::jail {

/// Whom the kernel ends first when memory runs out, -1000 to 1000 (/proc/PID/oom_score_adj, in
/// thousandths of all memory, added to what a process holds). A jailed process goes before any
/// other; its parent, the zygote or the compiler, before the service, whose own is the operator's
/// to set.
inline constexpr int kJailedOomScore = 1000;
inline constexpr int kParentsOomScore = 300;

/// Raises this process's score to `score`, for good and for its children; a higher one stays. Takes
/// no privilege. Does nothing where there is no /proc.
void raise_oom_score(int score);

}  // namespace skerry::jail
