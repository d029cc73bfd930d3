// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/image/edits.h"
#include "skerry/runtime/program.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::runtime {

/// Of the pinned wheel (guest/python/parts.sha256).
inline constexpr std::string_view kPythonVersion = "3.15.0";

/// Whether a run's random numbers are its own: for a sandbox fresh from a template. A session keeps
/// the state it has.
enum class Randomness { kFresh, kKept };

/// Runs `program` in a sandbox that is on a Python template and was just loaded or reset. The
/// Outcome holds everything but what only a supervisor knows (deadline, crash); Where `world` has
/// no call handler, the program's reports are taken here. A Status is our own failure.
Result<sandbox::Outcome> run_python(sandbox::Sandbox& sandbox, const Program& program,
                                    sandbox::World world, Randomness randomness);

/// What gives a template's memory, of `memory_size` bytes, random numbers of its own: for a session
/// that begins without a run. `facts` are those of the template's manifest. kDataLoss when they are
/// none.
Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                         std::uint64_t memory_size);

/// Starts the interpreter in a sandbox on fresh memory, imports `modules`, and makes it ready to be
/// captured: afterwards it is what every fresh run starts from. Returns facts that `run_python`
/// wants to find in the image's manifest.
Result<std::map<std::string, std::string>> warm_up_python(sandbox::Sandbox& sandbox,
                                                          const std::vector<std::string>& modules);

/// SHA-256 of everything of ours that shapes a Python template: the guest's support code and the
/// warm-up.
std::string python_recipe(const std::vector<std::string>& modules);

}  // namespace skerry::runtime
