// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry {

/// Where the service manager hears how we stand: systemd's notification protocol, a datagram for
/// each message. Owns its socket. Confined to one thread.
class NotifySocket {
 public:
  /// As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say, which are taken out of the environment:
  /// processes that we start have nothing to tell. Call while there is one thread. Without
  /// NOTIFY_SOCKET, nobody is told anything. kInvalidArgument naming the variable that is wrong.
  static Result<NotifySocket> take_from_environment();

  /// Sends assignments, one a line: "READY=1\nSTATUS=serving". Never waits: kUnavailable when the
  /// manager takes none just now, and other codes as the system call fails. OK if nobody listens.
  Status tell(std::string_view state) const;

  /// "RELOADING=1" with the time that belongs to it; READY=1 follows when that is done.
  Status tell_reloading() const;

  /// The longest time between two "WATCHDOG=1", after which we count as stuck; none: nobody looks.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  OwnedFd socket_;
  std::string path_;  // an abstract name begins with '@'
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace skerry
