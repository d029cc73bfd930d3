// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/delayed_output.h"

#include <array>
#include <chrono>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/run.pb.h"
#include "skerry/worker/events/event_wire.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {
namespace {

using wasi::Stream;

class DelayedOutputTest : public ::testing::Test {
 protected:
  ~DelayedOutputTest() override {
    for (const int end : ends_) ::close(end);
  }

  void write(std::string_view text, Stream stream = Stream::kStdout) {
    ASSERT_TRUE(output_.write(stream, as_bytes(text)).ok());
  }

  /// The events that have come, as "o:text" and "e:text".
  std::vector<std::string> events() {
    std::array<char, 8192> piece{};
    ssize_t got = 0;
    while ((got = ::recv(ends_[1], piece.data(), piece.size(), MSG_DONTWAIT)) > 0) {
      bytes_.append(piece.data(), static_cast<std::size_t>(got));
    }
    std::vector<std::string> events;
    for (;;) {
      const auto event = first_event(bytes_);
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !*event) return events;
      const auto message = parse_output((*event)->message);
      EXPECT_TRUE(message && !message->is_cut && (*event)->kind == EventKind::kOutput);
      if (message)
        events.push_back((message->is_stderr ? "e:" : "o:") + std::string(message->bytes));
      bytes_.erase(0, (*event)->size);
    }
  }

  static std::array<int, 2> connected() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return ends;
  }

  std::array<int, 2> ends_ = connected();  // before what borrows one of them
  std::string bytes_;
  DelayedOutput output_{ends_[0]};
};

using Events = std::vector<std::string>;

TEST_F(DelayedOutputTest, APartialLineWaitsForItsEnd) {
  write("hello");
  write(" ");
  EXPECT_EQ(events(), Events{});
  write("world\n");
  EXPECT_EQ(events(), Events{"o:hello world\n"});
  ASSERT_TRUE(output_.flush().ok());
  EXPECT_EQ(events(), Events{});
}

TEST_F(DelayedOutputTest, ItIsSentBesideCodeThatNeverComesBack) {
  for (const char* const text : {"first", "second"}) {
    write(text);
    const auto begun = std::chrono::steady_clock::now();
    volatile bool is_running = true;
    pollfd readable{.fd = ends_[1], .events = POLLIN, .revents = 0};
    while (is_running) is_running = ::poll(&readable, 1, 0) == 0;
    EXPECT_EQ(events(), Events{std::string("o:") + text});
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  }
}

TEST_F(DelayedOutputTest, StreamsKeepTheirOrder) {
  write("a");
  write("b", Stream::kStderr);
  write("c");
  ASSERT_TRUE(output_.flush().ok());
  EXPECT_EQ(events(), (Events{"o:a", "e:b", "o:c"}));
}

TEST_F(DelayedOutputTest, NothingIsLostWhateverTheSizes) {
  std::string sent;
  std::string come;
  for (std::size_t size = 1; size < kOutputPiece; size = size * 3 + 1) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    sent += text;
    write(text);
    for (const std::string& event : events()) come += event.substr(2);
  }
  ASSERT_TRUE(output_.flush().ok());
  for (const std::string& event : events()) come += event.substr(2);
  EXPECT_EQ(come, sent);
}

TEST_F(DelayedOutputTest, AnotherOneInTheProcessDoesNotDelay) {
  write("waits");
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  DelayedOutput other(ends[0]);
  ASSERT_TRUE(other.write(Stream::kStdout, as_bytes(std::string_view("now"))).ok());
  char bytes[64];
  EXPECT_GT(::recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT), 3);
  for (const int end : ends) ::close(end);
}

TEST(PutOutputHead, IsWhatProtobufWrites) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{127}, std::size_t{128}, kOutputPiece}) {
    for (const bool is_stderr : {false, true}) {
      const std::string text(size, 'x');
      proto::RunEvent event;
      event.mutable_output()->set_is_stderr(is_stderr);
      event.mutable_output()->set_bytes(text);
      std::array<std::byte, 32> room{};
      const std::size_t head = put_output_head(is_stderr, size, room);
      EXPECT_EQ(std::string(as_text(std::span(room).last(head))) + text,
                framed(event.SerializeAsString()));
    }
  }
}

}  // namespace
}  // namespace skerry::worker
