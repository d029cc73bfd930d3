// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/cell.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <map>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/os/program.h"
#include "skerry/jail/descriptors.h"
#include "skerry/jail/landlock.h"
#include "skerry/jail/namespaces.h"
#include "skerry/jail/oom_score.h"
#include "skerry/jail/privileges.h"
#include "skerry/jail/syscall_filter.h"

namespace skerry::jail {
namespace {

constexpr int kNotStarted = 125;

// struct clone_args of include/uapi/linux/sched.h; glibc 2.36 has neither it nor a function for it.
struct CloneArguments {
  std::uint64_t flags = 0;
  std::uint64_t pidfd = 0;
  std::uint64_t child_tid = 0;
  std::uint64_t parent_tid = 0;
  std::uint64_t exit_signal = 0;
  std::uint64_t stack = 0;
  std::uint64_t stack_size = 0;
  std::uint64_t tls = 0;
  std::uint64_t set_tid = 0;
  std::uint64_t set_tid_size = 0;
  std::uint64_t cgroup = 0;
};

// CLONE_INTO_CGROUP of linux/sched.h, which cannot be included beside glibc's sched.h.
constexpr std::uint64_t kIntoCgroup = 0x200000000;

Result<OwnedFd> open_process(pid_t pid) {
  SKERRY_ASSIGN(const int fd, syscall_result("pidfd_open", {}, [=] {
                  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
                }));
  return OwnedFd(fd);
}

struct Pipe {
  OwnedFd reader;
  OwnedFd writer;
  static Result<Pipe> make() {
    int ends[2];
    SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
    return Pipe{OwnedFd(ends[0]), OwnedFd(ends[1])};
  }
};

CallList list_of(const Policy& policy) {
  return policy.threads > 1 ? CallList::kThreads : CallList::kOneThread;
}

/// The filter for processes that are number 1 of a PID namespace, made once. Null when it cannot be
/// made: then each process finds out why.
const CallFilter* filter_made_ahead(CallList list) {
  static std::map<CallList, Result<CallFilter>> filters;  // `spawn` is called by one thread
  const auto [found, is_new] = filters.try_emplace(list, absl::UnknownError("not made yet"));
  if (is_new) found->second = CallFilter::make(list, 1);
  return found->second.ok() ? &*found->second : nullptr;
}

}  // namespace

Status Cell::enclose() {
  const auto raise = [this](Wall wall, auto&& how) -> Status {
    if (!walls_.has(wall)) return ok_status();
    return annotate(how(), name_of(wall));
  };
  forget_environment();  // what runs here never needs it, and it may hold secrets
  raise_oom_score(kJailedOomScore);
  if (walls_.has(Wall::kUserNamespace)) forbid_user_namespaces();
  SKERRY_TRY(raise(Wall::kResourceLimits, [&] { return limit_resources(policy_, walls_); }));
  SKERRY_TRY(raise(Wall::kUtsNamespace, hide_host_name));
  SKERRY_TRY(raise(Wall::kEmptyRoot, dangerous_empty_root));
  SKERRY_TRY(raise(Wall::kCapabilities, [&] { return drop_privileges(becoming_); }));
  SKERRY_TRY(raise(Wall::kNoNewPrivileges, forbid_new_privileges));
  // After the last mount: under Landlock there is no other.
  SKERRY_TRY(raise(Wall::kLandlock, forbid_paths));
  // Again, because the change of user has cleared it.
  return raise(Wall::kParentDeath, [&] { return die_with_parent(parent_.get()); });
}

Status Cell::seal(std::span<const int> kept) {
  parent_.close();
  if (walls_.has(Wall::kDescriptors)) {
    SKERRY_TRY(annotate(keep_only(kept), name_of(Wall::kDescriptors)));
  }
  if (walls_.has(Wall::kSeccomp)) {
    const CallList list = list_of(policy_);
    const bool is_made = filter_ != nullptr && filter_->suits(list);
    SKERRY_TRY(
        annotate(is_made ? filter_->load() : filter_system_calls(list), name_of(Wall::kSeccomp)));
  }
  return ok_status();
}

/// The two sides of one birth.
class Spawning {
 public:
  Spawning(const Policy& policy, WallSet walls, const Placement& placement)
      : policy_(policy), walls_(walls), placement_(placement) {}

  Result<Spawned> run(const std::function<int(Cell&)>& body) {
    if (walls_.has(Wall::kCgroup) != (placement_.cgroup >= 0)) {
      return absl::InvalidArgumentError("the wall cgroup and a control group go together");
    }
    const bool is_sibling = placement_.parent == Placement::Parent::kCallersParent;
    SKERRY_ASSIGN(parent_, open_process(is_sibling ? ::getppid() : ::getpid()));
    SKERRY_ASSIGN(mapped_, Pipe::make());
    if (walls_.has(Wall::kSeccomp) && walls_.has(Wall::kPidNamespace)) {
      filter_ = filter_made_ahead(list_of(policy_));
    }
    int pidfd = -1;
    CloneArguments arguments;
    arguments.flags = namespace_flags(walls_) | CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    if (is_sibling) {
      arguments.flags |= CLONE_PARENT;  // and the exit signal is that of the caller itself
    } else {
      arguments.exit_signal = SIGCHLD;
    }
    if (walls_.has(Wall::kCgroup)) {
      arguments.flags |= kIntoCgroup;
      arguments.cgroup = static_cast<std::uint64_t>(placement_.cgroup);
    }
    auto made = syscall_result("clone3", {}, [&] {
      return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    });
    if (made.status().code() == StatusCode::kUnimplemented && !walls_.has(Wall::kCgroup)) {
      // Containers hide clone3, because their filters cannot see its flags.
      made = syscall_result("clone", {}, [&] {
        return static_cast<pid_t>(::syscall(SYS_clone, arguments.flags | arguments.exit_signal,
                                            nullptr, &pidfd, nullptr, 0));
      });
    }
    SKERRY_ASSIGN(const pid_t pid, made);
    if (pid == 0) ::_exit(child(body));
    Spawned spawned{pid, OwnedFd(pidfd)};
    if (Status status = let_go(pid); !status.ok()) {
      ::syscall(SYS_pidfd_send_signal, spawned.pidfd.get(), SIGKILL, nullptr, 0);
      ::waitpid(pid, nullptr, 0);  // of a sibling, its parent's affair
      return status;
    }
    return spawned;
  }

 private:
  Identity identity() const {
    return becomes_other_ ? policy_.identity : Identity{::geteuid(), ::getegid()};
  }

  Status let_go(pid_t pid) {
    if (walls_.has(Wall::kUserNamespace)) {
      SKERRY_TRY(annotate(map_identity(pid, identity()), name_of(Wall::kUserNamespace)));
    }
    return syscall_result("write", "jail", [&] { return ::write(mapped_.writer.get(), "", 1); })
        .status();
  }

  int child(const std::function<int(Cell&)>& body) {
    mapped_.writer.close();
    char byte = 0;
    if (walls_.has(Wall::kParentDeath) && !die_with_parent(parent_.get()).ok()) return kNotStarted;
    if (::read(mapped_.reader.get(), &byte, 1) != 1) return kNotStarted;
    mapped_.reader.close();
    Cell cell(policy_, walls_, becomes_other_ ? std::optional(policy_.identity) : std::nullopt,
              std::move(parent_), filter_);
    return body(cell);
  }

  const Policy& policy_;
  WallSet walls_;
  const Placement& placement_;
  const bool becomes_other_ = ::geteuid() == 0 && has_identity(policy_.identity);
  OwnedFd parent_;
  Pipe mapped_;
  const CallFilter* filter_ = nullptr;
};

Result<Spawned> spawn(const Policy& policy, WallSet walls, const Placement& placement,
                      const std::function<int(Cell&)>& body) {
  return Spawning(policy, walls, placement).run(body);
}

}  // namespace skerry::jail
