// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/tree.h"
#include "skerry/files/watch.h"
#include "skerry/operation/command_line.h"

namespace skerry::operation {

/// What a command said. Bytes: a file's content may be any.
struct CommandOutput {
  std::string standard_output;
  std::string standard_error;
  int exit_code = 0;
};

/// One of the commands that there are: ls cat head tail wc mkdir rm cp mv touch pwd echo grep find.
/// They work on trees, no process is started, and they behave as their namesakes do in everyday
/// use. A checked value.
class Command {
 public:
  /// Untrusted. Fails as `parse_command_line`; kPermissionDenied ("… not allowed") for any other
  /// command.
  static Result<Command> parse(std::string_view text);

  /// Whether it may change files.
  bool is_change() const;

  struct Setting {
    ByteSize output = mib(1);  ///< the most of each stream; what exceeds it is cut off, and marked
  };
  /// Does it. What the command cannot do is in its output, and what it did before stays done. Fails
  /// when nothing of it is to be kept: kDeadlineExceeded, kResourceExhausted at a quota, and what
  /// the trees fail with.
  Result<CommandOutput> run(files::Trees& trees, files::Watch& watch, const Setting& setting) const;

 private:
  explicit Command(std::vector<Word> words) : words_(std::move(words)) {}
  std::vector<Word> words_;  // the first is its name
};

}  // namespace skerry::operation
