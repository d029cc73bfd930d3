// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/sandbox/limits.h"

namespace skerry::sandbox {

/// The guest's fate. Not an error: our own failures are Status.
enum class OutcomeKind {
  kCompleted,  ///< ended by itself, exit code 0
  kFailed,     ///< an uncaught exception or a non-zero exit code
  kTrapped,    ///< the WebAssembly engine stopped it: unreachable, out-of-bounds access, exhausted
               ///< stack …
  kDeadline,   ///< killed when its wall time was over
  kOutOfMemory,  ///< killed for memory; a MemoryError it did not catch is kFailed
  kOutOfFuel,
  kCancelled,  ///< killed because its caller asked
  kCrashed,    ///< its process died of something else
};

/// "completed", "failed", "trapped", "deadline", "out_of_memory", "out_of_fuel", "cancelled",
/// "crashed".
std::string_view name_of(OutcomeKind kind);

/// Which limit ended or marked a run, its value, and how to raise it.
struct LimitHit {
  std::string limit;   ///< "memory"
  double value = 0;    ///< in `unit`
  std::string unit;    ///< "bytes"
  std::string option;  ///< what raises it, in the caller's words: "--memory MB"

  static LimitHit of(const LimitName& name, double value, LimitWords words) {
    return {std::string(name.key), value, std::string(name.unit), std::string(name.option(words))};
  }
};

/// One frame of an exception's traceback, outermost first.
struct Frame {
  std::string file;
  std::int64_t line = 0;
  std::string function;
  std::string source;  ///< the line's text, if known
};

/// What an exception was raised from, or while what was handled.
struct Cause {
  bool is_context = false;  ///< handled when the other was raised, and not given as its cause
  std::string type;
  std::string message;
  std::vector<Frame> frames;
  std::vector<std::string> notes;
};

/// An uncaught exception, as the guest described it: untrusted text, of capped size.
struct Exception {
  std::string type;
  std::string message;
  bool is_memory = false;  ///< memory had run out; not told any further
  std::string hint = {};   ///< what to do, where the cause is that this is a sandbox; or empty
  std::vector<Frame> frames;
  std::vector<std::string> notes = {};  ///< that the program added to it
  std::vector<Cause> causes = {};       ///< the nearest first
};

/// What a run used.
struct Usage {
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds queue{0};  ///< that it waited for a worker, before all of these
  ByteSize peak_memory;               ///< of linear memory, beside the template's
  std::uint64_t dirty_pages = 0;      ///< 4 KiB pages that differ from the template
  std::optional<std::uint64_t> fuel;
};

/// How a run ended.
struct Outcome {
  OutcomeKind kind = OutcomeKind::kCompleted;
  int exit_code = 0;    ///< the program's own; for a killed guest as `exit_code_of` has it
  std::string message;  ///< one line for people: why it was not completed; empty when it was
  std::optional<LimitHit> limit;
  std::optional<Exception> exception;
  std::optional<std::string> result;  ///< repr of the last expression's value
  Usage usage;
};

/// The process exit code that stands for a fate that has none of its own: 124 deadline, 134
/// trapped, 137 out of memory, 139 crashed, 130 cancelled, 152 out of fuel. 125 is our own failure,
/// never a guest's.
int exit_code_of(OutcomeKind kind);

}  // namespace skerry::sandbox
