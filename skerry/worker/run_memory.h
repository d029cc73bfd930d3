// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "skerry/base/bytes.h"
#include "skerry/sandbox/limits.h"

namespace skerry::worker {

/// What a worker needs beside what its runs may hold: its heap, the engine's, page tables. A warm
/// worker that runs nothing holds 10 to 20 MiB; the rest is for small allocations of a run that no
/// limit counts.
inline constexpr ByteSize kWorkerRoom = mib(64);

/// Whether a run leaves a state for its session.
enum class Leaves { kNothing, kState };

/// The most memory that a run may take in its process, beyond `kWorkerRoom`: linear memory, of
/// which its template's is private as far as the run writes it; files and a copy of one of them on
/// its way out, tables, the order (whole, decoded, and as the guest gets it), and where it leaves a
/// state, that state. Not memory that is shared with others.
ByteSize run_memory(const sandbox::Limits& limits, ByteSize template_memory,
                    std::size_t order_bytes, Leaves leaves);

/// Exit code of a process that could not allocate: its limit of private memory was reached.
inline constexpr int kMemoryExit = 124;

/// From now on an allocation of ours that fails ends this process with `kMemoryExit`, and not as a
/// crash.
void exit_when_memory_runs_out();

}  // namespace skerry::worker
