// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/principal.h"
#include "skerry/run/runner.h"
#include "skerry/tool/modules/module_source.h"
#include "skerry/tool/tool.h"

// What tools that run modules have in common.

namespace skerry::tool {

/// One run of a module, as a tool asks for it.
struct ModuleCall {
  ModuleSource::Module module;
  std::vector<std::string> arguments = {};  ///< all of them, the command's own name too
  std::string input = {};
  sandbox::Limits limits = {};
};

/// Parameters of those tools: `timeout_seconds` and `fuel`, as `limits` have them, and what they
/// make of a run's limits.
std::vector<Parameter> limit_parameters(const sandbox::Limits& limits);
sandbox::Limits limits_of(const Arguments& arguments, const sandbox::Limits& limits);

/// Moves out the list of arguments under this name. kInvalidArgument when an argument could not be
/// one.
Result<std::vector<std::string>> command_words(Arguments& arguments, std::string_view name);

/// Runs it for the caller's tenant and tells what it came to. `failure` begins the error of a run
/// that did not succeed.
boost::asio::awaitable<ToolResult> run_module(run::Runner& runner, ModuleCall call,
                                              access::Principal caller, OutputCallback on_output,
                                              std::string failure);

}  // namespace skerry::tool
