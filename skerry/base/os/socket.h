// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"

namespace skerry {

/// Two connected Unix sockets, closed on exec. `type` is SOCK_STREAM or SOCK_SEQPACKET.
Result<std::pair<OwnedFd, OwnedFd>> socket_pair(int type);

/// Makes reads and writes on `fd` return where they would wait.
Status set_nonblocking(int fd);

/// Sends one message, with a descriptor beside it unless `fd` is -1. Fails where the socket would
/// block, with kUnavailable, and when the peer has gone.
Status send_message(int socket, std::span<const std::byte> bytes, int fd = -1);

/// The most descriptors that go with one message.
inline constexpr std::size_t kMaxFds = 64;

/// Sends as much of `bytes`, not empty, as there is room for and returns how much: 0 where the
/// socket would block, or would if it is a blocking one. `fds` go with the first byte.
Result<std::size_t> send_some(int socket, std::span<const std::byte> bytes,
                              std::span<const int> fds = {});

/// Sends all of `bytes` over a blocking stream, `fds` with the first byte.
Status send_all(int socket, std::span<const std::byte> bytes, std::span<const int> fds);

/// What one receive brought.
struct ReceivedMessage {
  std::size_t size = 0;      ///< bytes written to the buffer; 0: the peer has gone
  std::vector<OwnedFd> fds;  ///< at most `kMaxFds`; those that came beyond them are closed
};

/// Receives into `buffer`. kUnavailable where the socket would block.
Result<ReceivedMessage> receive_message(int socket, std::span<std::byte> buffer);

}  // namespace skerry
