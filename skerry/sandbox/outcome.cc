// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/outcome.h"

namespace skerry::sandbox {

std::string_view name_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kCompleted:
      return "completed";
    case OutcomeKind::kFailed:
      return "failed";
    case OutcomeKind::kTrapped:
      return "trapped";
    case OutcomeKind::kDeadline:
      return "deadline";
    case OutcomeKind::kOutOfMemory:
      return "out_of_memory";
    case OutcomeKind::kOutOfFuel:
      return "out_of_fuel";
    case OutcomeKind::kCancelled:
      return "cancelled";
    case OutcomeKind::kCrashed:
      return "crashed";
  }
  return "unknown";
}

int exit_code_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kCompleted:
      return 0;
    case OutcomeKind::kFailed:
      return 1;
    case OutcomeKind::kDeadline:
      return 124;  // as timeout(1)
    case OutcomeKind::kTrapped:
      return 134;  // 128 + SIGABRT: what abort() gives
    case OutcomeKind::kOutOfMemory:
      return 137;  // 128 + SIGKILL: what the kernel's own killer gives
    case OutcomeKind::kCrashed:
      return 139;  // 128 + SIGSEGV
    case OutcomeKind::kCancelled:
      return 130;  // 128 + SIGINT
    case OutcomeKind::kOutOfFuel:
      return 152;  // 128 + SIGXCPU
  }
  return 125;
}

}  // namespace skerry::sandbox
