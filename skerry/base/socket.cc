// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/socket.h"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

namespace skerry {
namespace {

constexpr std::size_t kMaxFds = 4;

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
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  return syscall_result("sendmsg", {}, [&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); })
      .status();
}

Result<std::size_t> send_some(int socket, std::span<const std::byte> bytes) {
  SKERRY_ASSIGN(const ssize_t put, syscall_result("send", {}, [&] {
                  const ssize_t sent =
                      ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                  return sent < 0 && errno == EAGAIN ? ssize_t{0} : sent;
                }));
  return static_cast<std::size_t>(put);
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
