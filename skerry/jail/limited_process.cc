// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/limited_process.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/probe.h"

namespace skerry::jail {
namespace {

constexpr ByteSize kMaxAnswer = mib(256);
constexpr int kAnswered = 0;
constexpr int kRefused = 1;
constexpr int kNotJailed = 2;

// The answer is a byte for the status code and the text: `body`'s own, or its message.
int answer(const Limited& how, const std::function<Result<std::string>()>& body, int fd,
           Cell& cell) {
  std::vector<int> kept = how.kept;
  kept.push_back(fd);
  if (!cell.enclose().ok() || !cell.seal(kept).ok()) return kNotJailed;
  const auto result = body();
  const char code = static_cast<char>(result.status().code());
  const std::string_view text =
      result.ok() ? std::string_view(*result) : message_of(result.status());
  if (!write_all(fd, as_bytes({&code, 1})).ok() || !write_all(fd, as_bytes(text)).ok())
    return kRefused;
  return kAnswered;
}

Policy policy_of(const Limited& how) {
  Policy policy;
  policy.cpu = how.budget.cpu;
  if (how.threads == Limited::Threads::kMany) {
    policy.threads = std::max(1U, std::thread::hardware_concurrency()) + 1;
  }
  // A sanitizer's shadow is larger than any bound.
  if (!kHasShadowMemory) {
    policy.addresses = how.budget.memory;
    policy.private_memory = how.budget.private_memory;
  }
  return policy;
}

/// kUnavailable when the walls cannot be raised.
Result<std::string> run_within(WallSet walls, const Limited& how,
                               const std::function<Result<std::string>()>& body) {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  const Policy policy = policy_of(how);
  const Placement placement{.parent = Placement::Parent::kCaller, .cgroup = how.budget.group};
  if (how.budget.group >= 0) walls = walls.with({Wall::kCgroup});
  auto spawned = spawn(policy, walls, placement,
                       [&](Cell& cell) { return answer(how, body, writer.get(), cell); });
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
    return budget_exceeded(how);
  }
  if (text[0] != 0) return Status(static_cast<StatusCode>(text[0]), text.substr(1));
  return text.substr(1);
}

}  // namespace

Status budget_exceeded(const Limited& how) {
  const ByteSize memory = how.budget.private_memory.value_or(how.budget.memory);
  return absl::ResourceExhaustedError(std::string(how.task) + " took more than its budget of " +
                                      std::to_string(memory.value >> 20) + " MiB of memory and " +
                                      std::to_string(how.budget.cpu.count()) +
                                      " s of processor time");
}

Result<std::string> run_limited(const Limited& how,
                                const std::function<Result<std::string>()>& body) {
  // The group is the caller's to give. A sanitizer's runtime makes system calls of its own.
  constexpr WallSet kLeftOut = kHasShadowMemory ? WallSet{Wall::kCgroup, Wall::kSeccomp}  //
                                                : WallSet{Wall::kCgroup};
  return within_standing_walls(
      kLeftOut, [&](WallSet walls) { return run_within(walls, how, body); },
      [](const Result<std::string>& result) {
        return result.status().code() == StatusCode::kUnavailable;
      });
}

}  // namespace skerry::jail
