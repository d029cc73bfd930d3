// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/child.h"

#include <csignal>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace skerry {
namespace {

std::chrono::microseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

Result<Child> Child::fork(const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  SKERRY_ASSIGN(const pid_t pid, syscall_result("fork", {}, [] { return ::fork(); }));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(125);  // the parent died before the signal was asked for
    ::_exit(body());
  }
  auto fd = syscall_result("pidfd_open", {},
                           [&] { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); });
  if (!fd.ok()) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fd.status();
  }
  return Child(pid, OwnedFd(*fd));
}

Child::Child(Child&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::move(other.pidfd_)),
      reaped_(std::exchange(other.reaped_, true)) {}

Child::~Child() {
  if (reaped_) return;
  kill();
  (void)wait();
}

void Child::send(int signal) {
  // Through the pidfd: a reused process number is never hit.
  if (!reaped_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

Result<ChildExit> Child::wait() {
  int status = 0;
  rusage usage{};
  SKERRY_TRY(
      syscall_result("wait4", {}, [&] { return ::wait4(pid_, &status, 0, &usage); }).status());
  reaped_ = true;
  ChildExit exit;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
  } else {
    exit.code = WEXITSTATUS(status);
  }
  exit.cpu = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
  return exit;
}

Result<std::filesystem::path> program_beside(const char* name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  auto program = self.parent_path() / name;
  if (!error && std::filesystem::exists(program, error)) return program;
  return absl::NotFoundError(program.native() +
                             " is missing: it belongs beside the skerry binary (`make build` makes "
                             "both, `make install` installs them)");
}

}  // namespace skerry
