// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/engine/native_cache.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::runtime {

/// A stranger's module that has passed every check there is before it is compiled.
struct Command {
  std::string bytes;
  std::string sha256;
};

/// Checks a WASI command, in binary or text form: size, format, memory and table against the
/// limits, `_start`, imports. Text is turned into binary in a process of its own. Each failure has
/// a message of its own, which names the value met and the limit.
Result<Command> check_command(std::string_view file, const sandbox::Limits& limits);

/// The command compiled, from the cache or now, and ready to be loaded.
Result<std::unique_ptr<sandbox::Origin>> prepare_command(
    const Command& command, engine::Metering metering, const engine::NativeCache& cache,
    const engine::NativeCache::Progress& progress);

/// Runs a sandbox that was loaded on a command with its world: what the start function left to do.
Result<sandbox::Outcome> run_command(sandbox::Sandbox& sandbox);

}  // namespace skerry::runtime
