// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/compilation.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/broker/helper_program.h"
#include "skerry/jail/memory_file.h"
#include "skerry/runtime/command.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// The budget is processor time, after some to read the module. On a machine that is busy it takes
// longer; for ever it does not.
constexpr int kWallPerCpu = 4;
constexpr std::chrono::seconds kTimeToRead{60};

// As workers have, and for the same reason.
constexpr std::uint32_t kCompileWeight = 33;
constexpr std::uint32_t kSpareThreads = 10;

Result<OwnedFd> sealed_copy(const std::string& module) {
  SKERRY_ASSIGN(OwnedFd file, jail::make_memory_file("module"));
  SKERRY_TRY(write_all(file.get(), as_bytes(module)));
  SKERRY_TRY(jail::seal_memory_file(file.get()));
  return file;
}

/// A group for the processes that read and compile one module; none without `options.groups`.
Result<std::optional<jail::ControlGroup>> group_of(const ModuleOptions& options) {
  if (!options.groups) return std::optional<jail::ControlGroup>();
  static std::atomic<unsigned> last = 0;
  const std::string name = std::string(jail::ControlGroups::kPrefix) + "compile-" +
                           std::to_string(::getpid()) + "-" + std::to_string(++last);
  const jail::GroupLimits limits{.memory = *runtime::kCommandBudget.private_memory,
                                 .cpu_weight = kCompileWeight,
                                 .processes = std::thread::hardware_concurrency() + kSpareThreads};
  SKERRY_ASSIGN(auto group, options.groups->create(name, limits));
  return std::optional(std::move(group));
}

}  // namespace

Status compile(const Compilation& what, const ModuleOptions& options, int stop) {
  SKERRY_ASSIGN(const OwnedFd module, sealed_copy(*what.module));
  SKERRY_ASSIGN(const auto group, group_of(options));
  HelperProgram compiler{
      .name = "the compiler",
      .program = options.compiler,
      .arguments = {what.directory.native(), what.key, std::to_string(what.memory.value),
                    std::to_string(what.table_elements),
                    what.metering == engine::Metering::kFuel ? "fuel" : "plain",
                    std::to_string(options.cpu.count()), std::to_string(options.kept.value)},
      .descriptors = {module.get()},
      .until = Clock::now() + kTimeToRead + options.cpu * kWallPerCpu,
      .late = "compiling the module took too long: the machine is busy; run it again",
      .stop = stop};
  if (group) {
    compiler.arguments.emplace_back("grouped");
    compiler.group = group->fd();
  }
  Status compiled = run_helper(compiler).status();
  switch (compiled.code()) {
    case StatusCode::kOk:
    case StatusCode::kCancelled:
    case StatusCode::kUnavailable:
    case StatusCode::kInvalidArgument:
      return compiled;
    default:  // of the module's faults it says that they are invalid arguments
      return absl::InternalError(std::string(message_of(compiled)));
  }
}

}  // namespace skerry::broker
