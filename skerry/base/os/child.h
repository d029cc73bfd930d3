// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <sys/types.h>
#include <utility>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry {

/// How a process ended.
struct ChildExit {
  int code = 0;                      ///< its exit code, when `signal` is 0
  int signal = 0;                    ///< the signal that ended it, or 0
  std::chrono::microseconds cpu{0};  ///< user and system time it used
};

/// A forked process of ours. Destroying it kills and reaps it; it also dies with the thread that
/// made it. Confined to one thread.
class Child {
 public:
  /// Runs `body` in a new process, whose exit code is what it returns. The child keeps all
  /// descriptors, runs no exit handlers of ours, and gets SIGKILL when this process dies.
  static Result<Child> fork(const std::function<int()>& body);

  /// Takes over a child process of ours that somebody else made: `pidfd` must be its descriptor.
  static Child adopt(pid_t pid, OwnedFd pidfd) { return Child(pid, std::move(pidfd)); }

  Child(Child&&) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended: for poll(2).
  int pidfd() const { return pidfd_.get(); }

  /// Harmless when it has ended already.
  void send(int signal);
  void kill() { send(SIGKILL); }

  /// Waits until it ends, and reaps it. Call once.
  Result<ChildExit> wait();

 private:
  Child(pid_t pid, OwnedFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_;
  OwnedFd pidfd_;
  bool reaped_ = false;
};

/// The program of ours that lies beside the running one, as they are installed. kNotFound says that
/// it does not.
Result<std::filesystem::path> program_beside(const char* name);

}  // namespace skerry
