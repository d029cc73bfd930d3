// SPDX-License-Identifier: Apache-2.0
// The program that turns a tenant's module into native code. The broker starts it for each as
//
//   skerry-compiler DIRECTORY KEY MEMORY TABLE_ELEMENTS METERING CPU_SECONDS KEPT [grouped]
//
// with the module, a sealed file in memory, as descriptor 3, and a pipe for its answer as 4: a byte
// for the status code, then the status's words. With "grouped", descriptor 5 is the directory of a
// control group for the processes that it makes. One thread, as making jailed processes takes:
// these read the module and compile it. Whoever kills it leaves nothing of what it began.
#include <charconv>
#include <signal.h>
#include <string>
#include <string_view>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/engine/native_cache.h"
#include "skerry/jail/oom_score.h"
#include "skerry/runtime/command.h"

namespace {

using skerry::Status;
using skerry::StatusCode;

constexpr int kModule = 3;
constexpr int kAnswer = 4;
constexpr int kGroup = 5;

/// How the module is to be compiled, as the broker says it.
struct Task {
  std::string directory;
  std::string key;
  skerry::sandbox::Limits limits;
  skerry::engine::Metering metering = skerry::engine::Metering::kNone;
  skerry::engine::CompileBudget budget = skerry::runtime::kCommandBudget;
  skerry::ByteSize kept;
};

skerry::Result<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return absl::InternalError("\"" + std::string(text) + "\" is no number");
}

skerry::Result<Task> task_of(int count, char** words) {
  const bool is_grouped = count == 9 && std::string_view(words[8]) == "grouped";
  if (count != 8 && !is_grouped) {
    return absl::InternalError("the compiler got " + std::to_string(count) + " words");
  }
  Task task{.directory = words[1], .key = words[2], .limits = {}, .kept = {}};
  SKERRY_ASSIGN(task.limits.memory.value, number_in(words[3]));
  SKERRY_ASSIGN(const std::uint64_t table_elements, number_in(words[4]));
  task.limits.table_elements = static_cast<std::uint32_t>(table_elements);
  if (std::string_view(words[5]) == "fuel") task.metering = skerry::engine::Metering::kFuel;
  SKERRY_ASSIGN(const std::uint64_t seconds, number_in(words[6]));
  task.budget.cpu = std::chrono::seconds(seconds);
  SKERRY_ASSIGN(task.kept.value, number_in(words[7]));
  if (is_grouped) task.budget.group = kGroup;
  return task;
}

/// A failure that is the module's, whatever it is called: to be sent again as it is, it is no use.
Status about_module(const Status& status) {
  switch (status.code()) {
    case StatusCode::kResourceExhausted:
    case StatusCode::kUnimplemented:
      return absl::InvalidArgumentError(std::string(skerry::message_of(status)));
    default:
      return status;
  }
}

Status compile(int count, char** words) {
  SKERRY_ASSIGN(const Task task, task_of(count, words));
  SKERRY_ASSIGN(const auto cache, skerry::engine::NativeCache::open(task.directory));
  // Somebody may have been faster.
  if (cache.check(task.key, task.metering, skerry::SealedFile::Depth::kTimes).ok()) {
    return skerry::ok_status();
  }
  SKERRY_ASSIGN(const auto module, skerry::ReadOnlyMapping::of_file(kModule));
  const auto command = skerry::runtime::check_command(skerry::as_text(module.bytes()),
                                                      skerry::runtime::module_limits(task.limits),
                                                      task.budget.group);
  if (!command.ok()) return about_module(command.status());
  SKERRY_TRY(about_module(
      cache.compile(skerry::as_bytes(command->bytes), task.key, task.metering, task.budget, {})));
  cache.prune(task.kept);
  return skerry::ok_status();
}

}  // namespace

int main(int count, char** words) {
  ::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is the broker's to answer
  ::signal(SIGPIPE, SIG_IGN);
  skerry::jail::raise_oom_score(skerry::jail::kParentsOomScore);
  const Status status = compile(count, words);
  std::string answer(1, static_cast<char>(status.code()));
  answer += skerry::message_of(status);
  return skerry::write_all(kAnswer, skerry::as_bytes(answer)).ok() ? 0 : 125;
}
