// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/compilation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/file.h"
#include "skerry/base/program.h"
#include "skerry/base/utf8.h"
#include "skerry/jail/memory_file.h"
#include "skerry/runtime/command.h"

namespace skerry::broker {
namespace {

using Clock = std::chrono::steady_clock;

// Where skerry-compiler looks for them.
constexpr int kModule = 3;
constexpr int kAnswer = 4;
constexpr int kGroup = 5;

// As workers have, and for the same reason.
constexpr std::uint32_t kCompileWeight = 33;
constexpr std::uint32_t kSpareThreads = 10;

constexpr ByteSize kMaxAnswer = kib(64);
constexpr std::size_t kLongestMessage = 4096;
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

/// A group for the processes that read and compile one module; none without `setting.groups`.
Result<std::optional<jail::ControlGroup>> group_of(const ModuleSetting& setting) {
  if (!setting.groups) return std::optional<jail::ControlGroup>();
  static std::atomic<unsigned> last = 0;
  const std::string name = std::string(jail::ControlGroups::kPrefix) + "compile-" +
                           std::to_string(::getpid()) + "-" + std::to_string(++last);
  const jail::GroupLimits limits{.memory = *runtime::kCommandBudget.private_memory,
                                 .cpu_weight = kCompileWeight,
                                 .processes = std::thread::hardware_concurrency() + kSpareThreads};
  SKERRY_ASSIGN(auto group, setting.groups->create(name, limits));
  return std::optional(std::move(group));
}

/// Everything up to the end of the answer.
Result<std::string> answer_of(int answer, int stop, Clock::time_point until) {
  std::string text;
  for (;;) {
    std::array<pollfd, 2> waiting{{{answer, POLLIN, 0}, {stop, POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    SKERRY_ASSIGN(const int ready, syscall_result("poll", {}, [&] {
                    return ::poll(waiting.data(), waiting.size(),
                                  static_cast<int>(std::max<std::int64_t>(0, left.count())));
                  }));
    if (waiting[1].revents != 0) return absl::CancelledError("nobody waits for the module");
    if (ready == 0) {
      return absl::UnavailableError(
          "compiling the module took too long: the machine is busy; run it again");
    }
    char buffer[4096];
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", "compiler", [&] {
                    return ::read(answer, buffer, sizeof buffer);
                  }));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxAnswer.value) {
      return absl::InternalError("the compiler's answer is too long");
    }
  }
}

Status status_in(std::string_view answer) {
  if (answer.empty()) return absl::InternalError("the compiler ended without an answer");
  const auto code = static_cast<StatusCode>(static_cast<unsigned char>(answer[0]));
  if (code == StatusCode::kOk) return ok_status();
  const std::string text = to_utf8(clip(answer.substr(1), kLongestMessage));
  return code == StatusCode::kInvalidArgument ? absl::InvalidArgumentError(text)
                                              : absl::InternalError(text);
}

}  // namespace

Status compile(const Compilation& what, const ModuleSetting& setting, int stop) {
  SKERRY_ASSIGN(const OwnedFd module, sealed_copy(*what.module));
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  SKERRY_ASSIGN(const auto group, group_of(setting));
  ProgramStart how{
      .program = setting.compiler,
      .arguments = {what.directory.native(), what.key, std::to_string(what.memory.value),
                    std::to_string(what.table_elements),
                    what.metering == engine::Metering::kFuel ? "fuel" : "plain",
                    std::to_string(setting.cpu.count()), std::to_string(setting.kept.value)},
      .descriptors = {{.from = module.get(), .to = kModule},
                      {.from = writer.get(), .to = kAnswer}}};
  if (group) {
    how.arguments.emplace_back("grouped");
    how.descriptors.push_back({.from = group->fd(), .to = kGroup});
  }
  // Dies when it is destroyed here, and with it the jailed process that it waits for.
  SKERRY_ASSIGN(Child child, start_program(how));
  writer.close();
  SKERRY_ASSIGN(
      const std::string answer,
      answer_of(reader.get(), stop, Clock::now() + kTimeToRead + setting.cpu * kWallPerCpu));
  SKERRY_TRY(child.wait().status());
  return status_in(answer);
}

}  // namespace skerry::broker
