// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/image/edits.h"
#include "skerry/runtime/program.h"
#include "skerry/runtime/runtime.h"
#include "skerry/sandbox/sandbox.h"

/// How the interpreter is started, given programs and asked what became of them.
namespace skerry::runtime::python {

/// As `Runtime::run`.
Result<sandbox::Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                             sandbox::RunEnvironment environment, Randomness randomness);

/// As `Runtime::fresh_random_states`.
Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                         std::uint64_t memory_size);

/// Starts the interpreter in a sandbox on fresh memory, imports `modules`, and makes it ready to be
/// captured: afterwards it is what every fresh run starts from. Returns facts that `run` wants to
/// find in the image's manifest.
Result<std::map<std::string, std::string>> warm_up(sandbox::Sandbox& sandbox,
                                                   const std::vector<std::string>& modules);

/// As `Runtime::add`.
Result<sandbox::Outcome> add(sandbox::Sandbox& sandbox, const Additions& additions,
                             sandbox::RunEnvironment environment,
                             std::map<std::string, std::string>& facts);

/// SHA-256 of everything of ours that shapes a template with these modules: the guest's support
/// code and the warm-up.
std::string recipe(const std::vector<std::string>& modules);

}  // namespace skerry::runtime::python
