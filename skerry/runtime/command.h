// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/engine/native_cache.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/wasm/limits.h"

namespace skerry::runtime {

/// What a command is given besides its input. A value.
struct CommandLine {
  std::vector<std::string> arguments;  ///< all of them: the first is by custom the command's name
  std::map<std::string, std::string> environment;
};

/// A stranger's module that has passed every check there is before it is compiled.
struct Command {
  std::string bytes;
  std::string sha256;
};

/// What a module may declare that is to run under `limits`.
wasm::ModuleLimits module_limits(const sandbox::Limits& limits);

/// Checks a WASI command, in binary or text form: size, format, memory and table against the
/// limits, `_start`, imports. All in a process of its own, which may be lost and which begins in
/// the control group whose directory is `group`, unless that is -1. Each failure has a message of
/// its own, which names the value met and the limit. The caller must have one thread.
Result<Command> check_command(std::string_view file, const wasm::ModuleLimits& limits,
                              int group = -1);

/// What a module that has passed the checks compiles within, or is refused: 50 MiB of code take
/// about a minute of two cores and 1.4 GiB.
inline constexpr engine::CompileBudget kCommandBudget{
    .memory = mib(6144), .cpu = std::chrono::seconds(180), .private_memory = mib(3072)};

/// The command compiled, from the cache or now within `budget`, and ready to be loaded.
Result<std::unique_ptr<sandbox::LoadedImage>> prepare_command(
    const Command& command, engine::Metering metering, const engine::NativeCache& cache,
    const engine::CompileBudget& budget, const engine::NativeCache::Progress& progress);

/// What sandboxes of a command start from.
Result<std::unique_ptr<sandbox::LoadedImage>> image_of_command(
    std::shared_ptr<const engine::CompiledModule> code);

/// Runs a sandbox that was loaded on a command with its environment: what the start function left
/// to do.
Result<sandbox::Outcome> run_command(sandbox::Sandbox& sandbox);

}  // namespace skerry::runtime
