// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/access/principal.h"
#include "skerry/run/runner.h"
#include "skerry/tool/modules/module_source.h"
#include "skerry/tool/tool.h"

namespace skerry::tool {

/// Programs for an interpreter that callers bring: any WASI command that takes a program as Python
/// does. What becomes of `code`, `stdin` and `argv`:
///
/// - `code`: it is the standard input of `python -c "import sys; exec(sys.stdin.read())"`;
/// - `code` and `stdin`: `python -c CODE` reads that standard input;
/// - `argv`: those are the words, with `code` or `stdin`, if there is one, as standard input;
/// - all three: refused, as there is no place for the code.
class PythonWasiRunner final : public Tool {
 public:
  /// Runner and source must outlive it. `limits` are those of a run whose caller asks for nothing
  /// else.
  PythonWasiRunner(run::Runner& runner, ModuleSource& source, sandbox::Limits limits);

  const Definition& definition() const override { return definition_; }
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override;

 private:
  boost::asio::awaitable<Result<ModuleSource::Module>> interpreter_of(const Arguments& arguments);

  run::Runner& runner_;
  ModuleSource& source_;
  sandbox::Limits limits_;
  Definition definition_;
};

}  // namespace skerry::tool
