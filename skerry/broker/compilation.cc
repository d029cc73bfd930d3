// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/compilation.h"

#include <chrono>

#include "skerry/base/bytes.h"
#include "skerry/base/file.h"
#include "skerry/broker/helper_program.h"
#include "skerry/jail/memory_file.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// The budget is processor time, after some to read the module. On a machine that is busy it takes
// longer; for ever it does not.
constexpr int kWallPerCpu = 4;
constexpr std::chrono::seconds kTimeToRead{60};

Result<OwnedFd> sealed_copy(const std::string& module) {
  SKERRY_ASSIGN(OwnedFd file, jail::make_memory_file("module"));
  SKERRY_TRY(write_all(file.get(), as_bytes(module)));
  SKERRY_TRY(jail::seal_memory_file(file.get()));
  return file;
}

}  // namespace

Status compile(const Compilation& what, const ModuleSetting& setting, int stop) {
  SKERRY_ASSIGN(const OwnedFd module, sealed_copy(*what.module));
  Status compiled =
      run_helper(
          {.name = "the compiler",
           .words = {setting.compiler.native(), what.directory.native(), what.key,
                     std::to_string(what.memory.value), std::to_string(what.table_elements),
                     what.metering == engine::Metering::kFuel ? "fuel" : "plain",
                     std::to_string(setting.cpu.count()), std::to_string(setting.kept.value)},
           .descriptors = {module.get()},
           .until = Clock::now() + kTimeToRead + setting.cpu * kWallPerCpu,
           .late = "compiling the module took too long: the machine is busy; run it again",
           .stop = stop,
           .environment = HelperProgram::Environment::kOurs})
          .status();
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
