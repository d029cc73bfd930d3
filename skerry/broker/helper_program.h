// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::broker {

/// A program of ours that does one thing to untrusted bytes and answers. It has one thread, as
/// making jailed processes takes, which the service has not, and an empty environment.
struct HelperProgram {
  std::string_view name;  ///< for error messages: "the compiler"
  std::filesystem::path program;
  std::vector<std::string> arguments;
  /// Become its descriptors 3, 4 and so on; the pipe for its answer comes behind them. Borrowed.
  std::vector<int> descriptors;
  std::chrono::steady_clock::time_point until;  ///< the end of the wait for its answer
  std::string_view late;                        ///< what is told then, with kUnavailable
  /// Something to read here kills it: kCancelled. -1: nothing does.
  int stop = -1;
  /// The directory of a control group, borrowed: its descriptor behind that for the answer. -1:
  /// none.
  int group = -1;
};

/// Runs it and waits for its end: on a thread that may block. Returns what it answered: a byte for
/// the status code and a text, or the failure that those make. Both are untrusted: failures are
/// kInvalidArgument, kDataLoss, kFailedPrecondition, kUnimplemented, kNotFound, kResourceExhausted
/// or else kInternal, and their text is valid UTF-8 of at most 4 KiB.
Result<std::string> run_helper(const HelperProgram& program);

}  // namespace skerry::broker
