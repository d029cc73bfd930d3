// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/limited_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/child.h"
#include "skerry/base/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/probe.h"

namespace skerry::engine {
namespace {

constexpr ByteSize kMaxAnswer = mib(256);
constexpr int kAnswered = 0;
constexpr int kRefused = 1;
constexpr int kNotJailed = 2;

void set_limit(int resource, std::uint64_t value) {
  const rlimit limits{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limits);
}

// The answer is a byte for the status code and the text: `body`'s own, or its message.
int answer(const Limited& how, const std::function<Result<std::string>()>& body, int fd,
           jail::Cell& cell) {
  std::vector<int> kept = how.kept;
  kept.push_back(fd);
  if (!cell.enclose().ok()) return kNotJailed;
  // Before the filter of system calls falls, which lets no limit be set.
  const CompileBudget& budget = how.budget;
  set_limit(RLIMIT_CORE, 0);
  if (!kHasShadowMemory) set_limit(RLIMIT_AS, budget.memory.value);
  set_limit(RLIMIT_CPU, static_cast<std::uint64_t>(budget.cpu.count()));
  if (!cell.seal(kept).ok()) return kNotJailed;
  const auto result = body();
  const char code = static_cast<char>(result.status().code());
  const std::string_view text =
      result.ok() ? std::string_view(*result) : message_of(result.status());
  if (!write_all(fd, as_bytes({&code, 1})).ok() || !write_all(fd, as_bytes(text)).ok())
    return kRefused;
  return kAnswered;
}

/// kUnavailable when the walls cannot be raised.
Result<std::string> run_within(jail::WallSet walls, const Limited& how,
                               const std::function<Result<std::string>()>& body) {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  const jail::Policy policy;
  auto spawned = jail::spawn(
      policy, walls, {}, [&](jail::Cell& cell) { return answer(how, body, writer.get(), cell); });
  if (!spawned.ok()) return absl::UnavailableError(std::string(message_of(spawned.status())));
  Child child = Child::adopt(spawned->pid, std::move(spawned->pidfd));
  writer.close();
  pollfd answered{reader.get(), POLLIN, 0};
  for (;;) {
    SKERRY_ASSIGN(const int ready, syscall_result("poll", {}, [&] {
                    return ::poll(&answered, 1, how.watch ? 100 : -1);
                  }));
    if (ready > 0) break;
    how.watch(child.pid());
  }
  SKERRY_ASSIGN(const std::string text, read_all(reader.get(), kMaxAnswer));
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  if (exit.signal == 0 && exit.code == kNotJailed) {
    return absl::UnavailableError("the process for " + std::string(how.task) +
                                  " could not be jailed");
  }
  if (exit.signal != 0 || exit.code != kAnswered || text.empty()) {
    return absl::ResourceExhaustedError(
        std::string(how.task) + " took more than its budget of " +
        std::to_string(how.budget.memory.value >> 20) + " MiB of memory and " +
        std::to_string(how.budget.cpu.count()) + " s of processor time");
  }
  if (text[0] != 0) return Status(static_cast<StatusCode>(text[0]), text.substr(1));
  return text.substr(1);
}

}  // namespace

Result<std::string> run_limited(const Limited& how,
                                const std::function<Result<std::string>()>& body) {
  // A group is made by whoever runs a service. Threads take calls that the filter does not let
  // pass, and processes for the limits; so do the address sanitizer's calls.
  constexpr jail::WallSet kNever{jail::Wall::kCgroup};
  constexpr jail::WallSet kForThreads{jail::Wall::kSeccomp, jail::Wall::kResourceLimits};
  jail::WallSet others = kNever;
  if (how.threads == Limited::Threads::kMany) others = others.with(kForThreads);
  if (kHasAddressSanitizer) others = others.with({jail::Wall::kSeccomp});
  return jail::within_standing_walls(
      others, [&](jail::WallSet walls) { return run_within(walls, how, body); },
      [](const Result<std::string>& result) {
        return result.status().code() == StatusCode::kUnavailable;
      });
}

}  // namespace skerry::engine
