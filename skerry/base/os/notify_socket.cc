// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/notify_socket.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace skerry {
namespace {

// A week: what is longer is no watchdog, but a typing error.
constexpr std::int64_t kMaxWatchdog = std::int64_t{7} * 24 * 3600 * 1'000'000;

/// A variable that is ours alone from now on.
std::optional<std::string> taken(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  std::string text = value;
  ::unsetenv(name);
  return text;
}

Result<std::int64_t> number_in(const char* name, const std::string& text, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most) {
    return number;
  }
  return absl::InvalidArgumentError(std::string(name) + " is \"" + text +
                                    "\", expected a number from 1 to " + std::to_string(most));
}

}  // namespace

Result<NotifySocket> NotifySocket::take_from_environment() {
  NotifySocket notify;
  const auto path = taken("NOTIFY_SOCKET");
  const auto time = taken("WATCHDOG_USEC");
  const auto pid = taken("WATCHDOG_PID");
  if (!path) return notify;
  if ((path->front() != '/' && path->front() != '@') || path->size() < 2 ||
      path->size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError("NOTIFY_SOCKET is \"" + *path +
                                      "\", expected a path or @NAME of at most 107 bytes");
  }
  notify.path_ = *path;
  SKERRY_ASSIGN(const int fd, syscall_result("socket", "AF_UNIX", [] {
                  return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                }));
  notify.socket_ = OwnedFd(fd);
  if (!time) return notify;
  SKERRY_ASSIGN(const auto microseconds, number_in("WATCHDOG_USEC", *time, kMaxWatchdog));
  if (pid) {
    SKERRY_ASSIGN(const auto process, number_in("WATCHDOG_PID", *pid, INT32_MAX));
    if (process != ::getpid()) return notify;
  }
  notify.watchdog_ = std::chrono::microseconds(microseconds);
  return notify;
}

Status NotifySocket::tell(std::string_view state) const {
  if (!socket_.is_open()) return ok_status();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  if (path_.front() == '@') address.sun_path[0] = '\0';
  // An abstract name is all bytes that the length counts: none may follow.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  return syscall_result("sendto", path_,
                        [&] {
                          return ::sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                          reinterpret_cast<const sockaddr*>(&address), length);
                        })
      .status();
}

Status NotifySocket::tell_reloading() const {
  // steady_clock is CLOCK_MONOTONIC here, which the protocol asks for.
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  return tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

}  // namespace skerry
