// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/probe.h"

#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/cgroup.h"

namespace skerry::jail {
namespace {

constexpr ByteSize kMaxMessage = kib(64);

std::string mend_of(Wall wall) {
  switch (wall) {
    case Wall::kUserNamespace:
    case Wall::kPidNamespace:
    case Wall::kEmptyRoot:
    case Wall::kNetworkNamespace:
    case Wall::kIpcNamespace:
    case Wall::kUtsNamespace:
      return "allow user namespaces: sysctl user.max_user_namespaces=15000, "
             "kernel.unprivileged_userns_clone=1 and "
             "kernel.apparmor_restrict_unprivileged_userns=0 where they exist; in a container, a "
             "seccomp profile that lets clone3, mount and pivot_root pass";
    case Wall::kLandlock:
      return "Linux 5.13 or newer, started with landlock in lsm=";
    case Wall::kSeccomp:
      return "a kernel with CONFIG_SECCOMP_FILTER, and a container profile that lets seccomp pass";
    case Wall::kCgroup:
      return "start the service where control groups of version 2 are its own: a unit with "
             "Delegate=cpu memory pids, or a container whose group is writable. To look from "
             "there: "
             "systemd-run --pipe --property=\"Delegate=cpu memory pids\" skerry doctor";
    case Wall::kDescriptors:
    case Wall::kParentDeath:
      return "Linux 5.9 or newer";
    case Wall::kCapabilities:
    case Wall::kNoNewPrivileges:
    case Wall::kResourceLimits:
      return "start the service without a wrapper that forbids prctl, capset or setrlimit";
  }
  return {};
}

// The answer is a byte for the status code and the message, and nothing for OK.
void tell(int fd, const Status& status) {
  if (status.ok()) return;
  const char code = static_cast<char>(status.code());
  (void)write_all(fd, as_bytes({&code, 1}));
  (void)write_all(fd, as_bytes(message_of(status)));
}

/// Raises `walls` in a new process, both stages, and returns how that went.
Status attempt(WallSet walls) {
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  SKERRY_ASSIGN(Spawned spawned, spawn({}, walls, {}, [&](Cell& cell) {
                  Status status = cell.enclose();
                  const int kept[] = {writer.get()};
                  if (status.ok()) status = cell.seal(kept);
                  tell(writer.get(), status);
                  return 0;
                }));
  writer.close();
  Child child = Child::adopt(spawned.pid, std::move(spawned.pidfd));
  SKERRY_ASSIGN(const std::string answer, read_all(reader.get(), kMaxMessage));
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  if (!answer.empty()) return Status(static_cast<StatusCode>(answer[0]), answer.substr(1));
  if (exit.signal == 0 && exit.code == 0) return ok_status();
  return absl::UnavailableError("the trial process died, signal " + std::to_string(exit.signal));
}

/// What `wall` cannot be raised without.
WallSet foundation_of(Wall wall, WallSet standing) {
  switch (wall) {
    case Wall::kPidNamespace:
    case Wall::kEmptyRoot:
    case Wall::kNetworkNamespace:
    case Wall::kIpcNamespace:
    case Wall::kUtsNamespace:
      // Root can do without, should user namespaces be refused.
      return standing.has(Wall::kUserNamespace) ? WallSet{Wall::kUserNamespace} : WallSet{};
    case Wall::kSeccomp:
    case Wall::kLandlock:
      return {Wall::kNoNewPrivileges};
    default:
      return {};
  }
}

}  // namespace

WallFinding finding_of(Wall wall, Status state) {
  std::string mend = state.ok() ? std::string() : mend_of(wall);
  return {.wall = wall, .state = std::move(state), .mend = std::move(mend)};
}

void WallReport::replace(const WallFinding& finding) {
  for (WallFinding& each : findings) {
    if (each.wall == finding.wall) each = finding;
  }
}

WallSet WallReport::standing() const {
  WallSet walls;
  for (const WallFinding& finding : findings) {
    if (finding.state.ok()) walls = walls.with({finding.wall});
  }
  return walls;
}

Status WallReport::require(WallSet walls) const {
  std::string missing;
  for (const WallFinding& finding : findings) {
    if (finding.state.ok() || !walls.has(finding.wall)) continue;
    missing += missing.empty() ? "" : "; ";
    missing += std::string(name_of(finding.wall)) + ": " + std::string(message_of(finding.state)) +
               " (" + finding.mend + ")";
  }
  if (missing.empty()) return ok_status();
  return absl::FailedPreconditionError("walls are missing: " + missing);
}

WallReport probe_walls() {
  WallReport report;
  for (const Wall wall : kWalls) {
    report.findings.push_back(
        finding_of(wall, wall == Wall::kCgroup
                             ? ControlGroups::own().status()
                             : attempt(foundation_of(wall, report.standing()).with({wall}))));
  }
  return report;
}

}  // namespace skerry::jail
