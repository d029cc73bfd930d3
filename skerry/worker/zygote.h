// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/wall.h"

namespace skerry::worker {

/// What the zygote tells the broker. Both come from the same build: the bytes are the struct's, one
/// SOCK_SEQPACKET message each.
struct ZygoteEvent {
  enum class Kind : std::uint32_t {
    kReady,   ///< all is mapped: fork requests are carried out from now on
    kForked,  ///< worker `id` lives; its pidfd comes along
    kFailed,  ///< worker `id` could not be forked, or with id 0, the zygote cannot serve; `text`
    kExited,  ///< worker `id` has ended and was reaped
  };
  Kind kind = Kind::kReady;
  pid_t pid = 0;
  std::uint64_t id = 0;
  std::int32_t code = 0;
  std::int32_t signal = 0;
  std::int64_t cpu_us = 0;
  char text[256] = {};

  ChildExit exit() const;
};

/// What a worker is for.
enum class WorkerKind : std::uint32_t {
  kRuntime,  ///< runs of a bundled runtime, one after the other
  kModule,   ///< one run of one tenant's module
};

/// What a worker does with its socket and the jail that it is to shut; its exit code.
using WorkerBody = std::function<int(WorkerKind kind, int socket, jail::Cell& cell)>;

/// The zygote's life: says that it is ready, forks a worker within `walls` for each request that
/// comes over `control`, reaps them and tells how they ended. Returns the exit code when the broker
/// has gone. The process must have one thread.
int run_zygote(int control, jail::WallSet walls, const WorkerBody& body);

/// In the zygote, instead of `run_zygote`: says why it cannot serve.
void refuse_zygote(int control, const Status& why);

/// Asks for a worker that speaks on `socket` and begins in the control group whose directory is
/// `group`, or -1 for that of the zygote. kUnavailable when the zygote has gone or does not keep
/// up.
Status request_worker(int control, WorkerKind kind, std::uint64_t id, OwnedFd socket, int group);

/// The next event, and with kForked the worker's pidfd. kUnavailable where the socket would block;
/// kNotFound when the zygote has gone.
struct ReceivedEvent {
  ZygoteEvent event;
  OwnedFd pidfd;
};
Result<ReceivedEvent> receive_event(int control);

}  // namespace skerry::worker
