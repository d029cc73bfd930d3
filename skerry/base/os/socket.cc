// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/socket.h"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

#include "skerry/base/os/file.h"

namespace skerry {
namespace {

/// A message of `bytes` and, beside them, descriptors. Must not move.
class Outgoing {
 public:
  Outgoing(std::span<const std::byte> bytes, std::span<const int> fds)
      : part_{const_cast<std::byte*>(bytes.data()), bytes.size()} {
    message_.msg_iov = &part_;
    message_.msg_iovlen = 1;
    if (fds.empty()) return;
    message_.msg_control = control_;
    message_.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message_);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  /// The number of bytes sent. 0 with MSG_DONTWAIT where the socket would block.
  Result<std::size_t> send(int socket, int flags) const {
    SKERRY_ASSIGN(const ssize_t put, syscall_result("sendmsg", {}, [&] {
                    const ssize_t sent = ::sendmsg(socket, &message_, MSG_NOSIGNAL | flags);
                    const bool would_block = sent < 0 && errno == EAGAIN;
                    return would_block && (flags & MSG_DONTWAIT) != 0 ? ssize_t{0} : sent;
                  }));
    return static_cast<std::size_t>(put);
  }

 private:
  iovec part_;
  msghdr message_{};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
};

Status check_count(std::span<const int> fds) {
  if (fds.size() <= kMaxFds) return ok_status();
  return absl::InvalidArgumentError("too many descriptors for one message");
}

}  // namespace

Result<std::pair<OwnedFd, OwnedFd>> socket_pair(int type) {
  int ends[2];
  SKERRY_TRY(syscall_result("socketpair", {}, [&] {
               return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends);
             }).status());
  return std::pair(OwnedFd(ends[0]), OwnedFd(ends[1]));
}

Status set_nonblocking(int fd) {
  return syscall_result("fcntl", {}, [&] { return ::fcntl(fd, F_SETFL, O_NONBLOCK); }).status();
}

Status send_message(int socket, std::span<const std::byte> bytes, int fd) {
  const auto fds = fd < 0 ? std::span<const int>() : std::span<const int>(&fd, 1);
  return Outgoing(bytes, fds).send(socket, 0).status();
}

Result<std::size_t> send_some(int socket, std::span<const std::byte> bytes,
                              std::span<const int> fds) {
  SKERRY_TRY(check_count(fds));
  return Outgoing(bytes, fds).send(socket, MSG_DONTWAIT);
}

Status send_all(int socket, std::span<const std::byte> bytes, std::span<const int> fds) {
  SKERRY_TRY(check_count(fds));
  SKERRY_ASSIGN(const std::size_t put, Outgoing(bytes, fds).send(socket, 0));
  return write_all(socket, bytes.subspan(put));
}

Result<ReceivedMessage> receive_message(int socket, std::span<std::byte> buffer) {
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  SKERRY_ASSIGN(const ssize_t got, syscall_result("recvmsg", {}, [&] {
                  return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
                }));
  ReceivedMessage received;
  received.size = static_cast<std::size_t>(got);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
  return received;
}

}  // namespace skerry
