// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/tree.h"
#include "skerry/operation/command_line.h"
#include "skerry/operation/roots.h"

namespace skerry::operation {

/// What a command wrote, and how it ended. Bytes: a file's content may be any.
struct CommandOutput {
  std::string standard_output = {};
  std::string standard_error = {};
  int exit_code = 0;
  bool is_timed_out = false;  ///< then this is what it wrote until then, and no change is kept
};

/// One of the commands that there are: ls cat head tail wc mkdir rm cp mv touch pwd echo grep find.
/// They work on trees, no process is started, and they behave as their namesakes do in everyday
/// use. A checked value.
class Command {
 public:
  /// As `timeout` has it.
  static constexpr int kTimedOutExitCode = 124;

  /// Untrusted. Fails as `parse_command_line`; kPermissionDenied ("… not allowed") for any other
  /// command.
  static Result<Command> parse(std::string_view text);

  /// What `parse` was given.
  const std::string& text() const { return text_; }
  /// Whether it may change files.
  bool is_change() const;
  /// The roots that its operands may lead to: all that `run` asks for.
  Roots roots() const;

  struct Options {
    ByteSize output = mib(1);  ///< the most of each stream; what exceeds it is cut off, and marked
  };
  /// Runs it. What the command cannot do is in its output, and what it did before stays done. Fails
  /// when nothing of it is to be kept and there is no output: kResourceExhausted at a quota, and
  /// what the trees fail with.
  Result<CommandOutput> run(files::Trees& trees, files::Deadline& deadline,
                            const Options& options) const;

 private:
  Command(std::string_view text, std::vector<Word> words) : text_(text), words_(std::move(words)) {}
  std::string text_;
  std::vector<Word> words_;  // the first is its name
};

}  // namespace skerry::operation
