// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/output_queue.h"

#include <fcntl.h>
#include <signal.h>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"

namespace skerry::app {
namespace {

using std::chrono::milliseconds;

/// A pipe of 64 KiB, whose writing end blocks.
class OutputQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = OwnedFd(ends[0]);
    writer = OwnedFd(ends[1]);
    ::alarm(20);  // what hangs ends here
  }
  void TearDown() override { ::alarm(0); }

  std::string take(std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = ::read(reader.get(), text.data(), size);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }

  OwnedFd reader;
  OwnedFd writer;
  OutputQueue queue;
};

TEST_F(OutputQueueTest, WhatFitsIsWrittenAtOnce) {
  queue.add(writer.get(), "partial line");
  EXPECT_EQ(queue.awaited(), -1);
  EXPECT_EQ(take(100), "partial line");
}

TEST_F(OutputQueueTest, AReaderThatTakesNothingIsNotWaitedFor) {
  std::string expected;
  for (int i = 0; !queue.is_full(); ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i % 26));
    queue.add(writer.get(), piece);
    expected += piece;
  }
  EXPECT_EQ(queue.awaited(), writer.get());
  EXPECT_LT(expected.size(), std::size_t{400} << 10);
  std::string taken;
  while (queue.awaited() >= 0) {
    taken += take(20'000);
    queue.write_some();
  }
  EXPECT_FALSE(queue.is_full());
  while (taken.size() < expected.size()) taken += take(20'000);
  EXPECT_TRUE(taken == expected) << "in order";
}

TEST_F(OutputQueueTest, DescriptorsTakeTurnsInTheOrderOfTheirPieces) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd other_reader(ends[0]);
  const OwnedFd other(ends[1]);
  queue.add(writer.get(), std::string(100'000, 'x'));
  queue.add(other.get(), "later");
  EXPECT_EQ(queue.awaited(), writer.get());
  EXPECT_EQ(take(60'000).size(), 60'000U);
  queue.write_some();
  EXPECT_EQ(queue.awaited(), -1);
  EXPECT_EQ(
      *[&] {
        std::string text(5, '\0');
        return ::read(other_reader.get(), text.data(), text.size()) == 5 ? std::optional(text)
                                                                         : std::nullopt;
      }(),
      "later");
}

TEST_F(OutputQueueTest, WaitingForAReaderEndsInTime) {
  queue.add(writer.get(), std::string(100'000, 'x'));
  const auto begun = std::chrono::steady_clock::now();
  queue.write_all(milliseconds(50));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(50));
  EXPECT_EQ(queue.awaited(), writer.get());
}

TEST_F(OutputQueueTest, ALateReaderGetsAll) {
  auto late = Child::fork([&] {
    writer.close();
    ::usleep(50'000);
    std::size_t total = 0;
    for (std::string piece; !(piece = take(1 << 16)).empty();) total += piece.size();
    return total == 300'000 ? 0 : 1;
  });
  ASSERT_TRUE(late.ok());
  queue.add(writer.get(), std::string(300'000, 'x'));
  queue.write_all();
  EXPECT_EQ(queue.awaited(), -1);
  writer.close();
  EXPECT_EQ(late->wait()->code, 0);
}

TEST_F(OutputQueueTest, AReaderThatHasGoneIsNoFailure) {
  queue.add(writer.get(), std::string(100'000, 'x'));
  reader.close();
  queue.write_some();
  EXPECT_EQ(queue.awaited(), -1);
  EXPECT_TRUE(queue.failure().ok());
  EXPECT_EQ(queue.failure_of(writer.get()), StatusCode::kUnavailable);
  EXPECT_EQ(queue.failure_of(STDERR_FILENO), StatusCode::kOk);
}

TEST_F(OutputQueueTest, AFullDiskIsAFailure) {
  const auto full = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(full.ok());
  queue.add(full->get(), "x");
  EXPECT_EQ(queue.failure().code(), StatusCode::kResourceExhausted) << queue.failure();
  queue.add(writer.get(), "others get theirs");
  EXPECT_EQ(take(100), "others get theirs");
}

}  // namespace
}  // namespace skerry::app
