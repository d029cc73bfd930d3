// SPDX-License-Identifier: Apache-2.0
#pragma once

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

  /// The runner must outlive it. `limits` are those of a run whose caller asks for nothing else.
  PythonExecutor(run::Runner& runner, sandbox::Limits limits, int calls_per_minute = 0);

  const Definition& definition() const override { return definition_; }
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  run::Runner& runner_;
  sandbox::Limits limits_;
  Definition definition_;
};

}  // namespace skerry::tool
