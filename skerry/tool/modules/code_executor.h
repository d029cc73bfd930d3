// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/access/principal.h"
#include "skerry/run/runner.h"
#include "skerry/tool/modules/module_source.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// WASI commands that callers bring, each run in a process of its own. Output is what the command
/// wrote to standard output, also when it failed; metadata tells the rest.
class CodeExecutor final : public Tool {
 public:
  /// Runner and source must outlive it. `limits` are those of a run whose caller asks for nothing
  /// else.
  CodeExecutor(run::Runner& runner, ModuleSource& source, sandbox::Limits limits);

  const Definition& definition() const override { return definition_; }
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  boost::asio::awaitable<Result<ModuleSource::Module>> module_of(Arguments& arguments);

  run::Runner& runner_;
  ModuleSource& source_;
  sandbox::Limits limits_;
  Definition definition_;
};

}  // namespace skerry::tool
