// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/socket.h"

#include <array>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"

namespace skerry {
namespace {

struct Pair {
  OwnedFd one;
  OwnedFd other;
};

Pair connected(int type) {
  auto ends = socket_pair(type);
  EXPECT_TRUE(ends.ok()) << ends.status();
  return {std::move(ends->first), std::move(ends->second)};
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(SocketTest, MessageAndDescriptorArriveTogether) {
  const Pair pair = connected(SOCK_SEQPACKET);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  ASSERT_TRUE(send_message(pair.one.get(), as_bytes("take it"), writer.get()).ok());
  writer.close();
  std::array<std::byte, 64> buffer;
  auto received = receive_message(pair.other.get(), buffer);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(as_text(std::span(buffer).first(received->size)), "take it");
  ASSERT_EQ(received->fds.size(), 1U);
  ASSERT_TRUE(write_all(received->fds[0].get(), as_bytes("through")).ok());
  received->fds.clear();
  EXPECT_EQ(*read_all(reader.get(), kib(1)), "through");
}

TEST(SocketTest, DescriptorsBeyondTheMostAreClosed) {
  const Pair pair = connected(SOCK_STREAM);
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    std::array<int, kMaxFds + 4> fds;
    fds.fill(STDIN_FILENO);
    char byte = 'x';
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fds);
    std::copy(fds.begin(), fds.end(), reinterpret_cast<int*>(CMSG_DATA(header)));
    ASSERT_EQ(::sendmsg(pair.one.get(), &message, 0), 1);
    std::array<std::byte, 8> buffer;
    const auto received = receive_message(pair.other.get(), buffer);
    ASSERT_TRUE(received.ok()) << received.status();
    EXPECT_EQ(received->fds.size(), kMaxFds);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(SocketTest, PeerThatHasGoneIsAnEmptyMessage) {
  Pair pair = connected(SOCK_STREAM);
  pair.one.close();
  std::array<std::byte, 8> buffer;
  const auto received = receive_message(pair.other.get(), buffer);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->size, 0U);
  EXPECT_EQ(send_some(pair.other.get(), as_bytes("x")).status().code(), StatusCode::kUnavailable);
}

TEST(SocketTest, SendsWhatThereIsRoomForAndNeverWaits) {
  const Pair pair = connected(SOCK_STREAM);
  const std::string much(1 << 20, 'x');
  std::size_t sent = 0;
  for (;;) {
    const auto put = send_some(pair.one.get(), as_bytes(much));
    ASSERT_TRUE(put.ok()) << put.status();
    if (*put == 0) break;
    sent += *put;
  }
  EXPECT_GT(sent, 0U);
  ASSERT_TRUE(set_nonblocking(pair.other.get()).ok());
  std::array<std::byte, 65536> buffer;
  std::size_t got = 0;
  for (;;) {
    const auto received = receive_message(pair.other.get(), buffer);
    if (received.status().code() == StatusCode::kUnavailable) break;
    ASSERT_TRUE(received.ok()) << received.status();
    got += received->size;
  }
  EXPECT_EQ(got, sent);
}

}  // namespace
}  // namespace skerry
