// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/access/principal.h"
#include "skerry/run/runner.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Python programs, fresh or in a session. Output is what the program printed, also when it failed;
/// metadata tells the rest: standard error, exit code, outcome, exception, result, the session's
/// revision.
class PythonExecutor final : public Tool {
 public:
  static constexpr const char* kName = "python_executor";

  struct Options {
    std::string interpreter = {};  ///< what callers are told that runs their programs
    int calls_per_minute = 0;      ///< of each key; 0: not limited
  };

  /// The runner must outlive it. `limits` are those of a run whose caller asks for nothing else.
  PythonExecutor(run::Runner& runner, sandbox::Limits limits)
      : PythonExecutor(runner, limits, {}) {}
  PythonExecutor(run::Runner& runner, sandbox::Limits limits, Options options);

  const Definition& definition() const override { return definition_; }
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  run::Runner& runner_;
  sandbox::Limits limits_;
  Definition definition_;
  std::string interpreter_;
};

}  // namespace skerry::tool
