// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/runtime/program.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::session {

/// A variable as it is told about. All of it is the guest's word.
struct Variable {
  std::string type;
  std::string text;    ///< its repr, cut
  std::string digest;  ///< of its value, as far as that can be had
  bool operator==(const Variable&) const = default;
};
/// The global names that programs have made in a Python state.
using Variables = std::map<std::string, Variable>;

/// The program that makes a state tell its variables on standard output: a run of ten seconds.
runtime::Program variables_program();
sandbox::Limits variables_limits(ByteSize memory);

/// What that program printed. kDataLoss when the run did not complete, or printed nonsense.
Result<Variables> variables_of(const sandbox::Outcome& outcome, std::string_view printed);

/// How two states differ.
struct VariablesDiff {
  Variables added;
  Variables changed;  ///< with their later values
  Variables removed;  ///< with the values that they had
};
VariablesDiff diff_of(const Variables& before, const Variables& after);
v1::DiffResponse proto_of(const VariablesDiff& diff);

}  // namespace skerry::session
