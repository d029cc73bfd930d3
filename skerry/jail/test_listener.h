// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "skerry/base/os/fd.h"

namespace skerry::jail {

/// For tests: something of the host's that listens, for a jailed process not to reach.
class Listener {
 public:
  static Listener on_loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Listener listener(AF_INET, &address, sizeof address);
    listener.length_ = sizeof listener.address_;
    if (::getsockname(listener.socket_.get(), listener.address(), &listener.length_) != 0) {
      std::abort();
    }
    return listener;
  }

  static Listener on_abstract_name() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "skerry-test-" + std::to_string(::getpid());
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    return Listener(AF_UNIX, &address,
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
  }

  /// 0 when a connection was made from here, else errno.
  int reach() const {
    const OwnedFd socket(::socket(address_.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return errno;
    const auto* const to = reinterpret_cast<const sockaddr*>(&address_);
    return ::connect(socket.get(), to, length_) == 0 ? 0 : errno;
  }

 private:
  Listener(int family, const void* address, socklen_t length)
      : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)), length_(length) {
    std::memcpy(&address_, address, length);
    if (::bind(socket_.get(), this->address(), length) != 0 || ::listen(socket_.get(), 8) != 0) {
      std::abort();
    }
  }
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

  OwnedFd socket_;
  sockaddr_storage address_{};
  socklen_t length_;
};

}  // namespace skerry::jail
