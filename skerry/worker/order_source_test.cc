// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/order_source.h"

#include <array>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"

namespace skerry::worker {
namespace {

using InputKind = InputPiece::Kind;

/// Tells of waits, and does something when one begins.
class WaitChannel final : public RunChannel, private wasi::OutputSink {
 public:
  std::function<void()> on_wait;
  std::vector<bool> waits;
  wasi::OutputSink& output() override { return *this; }
  Status started(std::span<const int>) override { return ok_status(); }
  Status changed(const FileChange&) override { return ok_status(); }
  Status waiting(bool is_waiting) override {
    waits.push_back(is_waiting);
    if (is_waiting && on_wait) on_wait();
    return ok_status();
  }

 private:
  Status write(wasi::Stream, std::span<const std::byte>) override { return ok_status(); }
};

class LiveInputTest : public ::testing::Test {
 protected:
  void send(const std::string& order) {
    ASSERT_TRUE(write_all(broker_.get(), as_bytes(framed(order))).ok());
  }
  void send(const InputPiece& piece) { send(encode(piece)); }
  void text(const std::string& text) { send(InputPiece{.text = text}); }

  /// What one read of the program's brings.
  std::string read(LiveInput& input, std::size_t most = 100) {
    std::vector<std::byte> buffer(most);
    const auto size = input.read(buffer);
    if (!size.ok()) return std::string(message_of(size.status()));
    return std::string(as_text(std::span(buffer).first(*size)));
  }

  std::pair<OwnedFd, OwnedFd> ends_ = socket_pair(SOCK_STREAM).value();
  OwnedFd& broker_ = ends_.first;
  OrderSource orders_{ends_.second.get()};
  WaitChannel channel_;
};

TEST_F(LiveInputTest, TheRunsOwnInputComesFirstAndWithoutAWait) {
  LiveInput input(orders_, channel_, "own");
  text("sent");
  EXPECT_EQ(read(input, 2), "ow");
  EXPECT_EQ(read(input), "n");
  EXPECT_EQ(read(input), "sent");
  EXPECT_TRUE(channel_.waits.empty());
}

TEST_F(LiveInputTest, AReadWaitsForAPieceAndSaysSo) {
  LiveInput input(orders_, channel_, "");
  channel_.on_wait = [&] { text("Ada\n"); };
  EXPECT_EQ(read(input, 3), "Ada");
  EXPECT_EQ(read(input, 3), "\n");
  EXPECT_EQ(channel_.waits, (std::vector<bool>{true, false}));
}

TEST_F(LiveInputTest, TheEndStays) {
  LiveInput input(orders_, channel_, "");
  channel_.on_wait = [&] { send({.kind = InputKind::kEnd}); };
  EXPECT_EQ(read(input), "");
  EXPECT_EQ(read(input), "");
  EXPECT_TRUE(*input.wait(wasi::Nanoseconds(0)));
  EXPECT_EQ(channel_.waits.size(), 2U);
}

TEST_F(LiveInputTest, AnInterruptEndsTheWaitOrFailsTheNextReadWithoutText) {
  LiveInput input(orders_, channel_, "");
  channel_.on_wait = [&] { send({.kind = InputKind::kInterrupt}); };
  EXPECT_EQ(read(input), "interrupted");
  EXPECT_EQ(channel_.waits, (std::vector<bool>{true, false}));
  text("line");
  send({.kind = InputKind::kInterrupt});  // nobody waits
  EXPECT_EQ(read(input), "line");
  EXPECT_EQ(read(input), "interrupted");
  channel_.on_wait = [&] { text("go on"); };
  EXPECT_EQ(read(input), "go on");
  EXPECT_EQ(channel_.waits, (std::vector<bool>{true, false, true, false}));
}

TEST_F(LiveInputTest, WhoAsksWhetherThereIsInputDoesNotWaitForAPerson) {
  LiveInput input(orders_, channel_, "");
  EXPECT_FALSE(*input.wait(wasi::Nanoseconds(1'000'000)));
  text("x");
  EXPECT_TRUE(*input.wait(wasi::Nanoseconds(1'000'000'000)));
  EXPECT_TRUE(channel_.waits.empty());
}

TEST_F(LiveInputTest, WhatIsToBeForgottenIsKeptForLater) {
  LiveInput input(orders_, channel_, "");
  send(encode_forget({3, 4}));
  send(encode_forget({5}));
  text("x");
  EXPECT_EQ(read(input), "x");
  EXPECT_EQ(orders_.take_forgotten(), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_TRUE(orders_.take_forgotten().empty());
}

TEST_F(LiveInputTest, ARunInTheMiddleOfARunIsRefused) {
  LiveInput input(orders_, channel_, "");
  RunRequest request;
  request.program.code = "1";
  send(encode(std::move(request)).value().joined());
  EXPECT_EQ(read(input), "an order came in the middle of a run");
}

TEST_F(LiveInputTest, ABrokerThatGoesAwayFailsTheRead) {
  LiveInput input(orders_, channel_, "");
  channel_.on_wait = [&] { broker_.close(); };
  EXPECT_EQ(read(input), "the broker went away before the input's end");
}

TEST_F(LiveInputTest, APieceBetweenRunsIsNoOrderToRun) {
  text("late");
  const auto order = orders_.next();
  ASSERT_TRUE(order.ok() && *order);
  EXPECT_FALSE((*order)->run);
  EXPECT_EQ((*order)->piece->text, "late");
}

}  // namespace
}  // namespace skerry::worker
