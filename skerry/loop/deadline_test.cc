// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/deadline.h"

#include <optional>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using std::chrono::milliseconds;

class DeadlineTest : public ::testing::Test {
 protected:
  boost::asio::io_context io_;
  int calls_ = 0;
  std::optional<Deadline> deadline_{std::in_place, io_.get_executor(), [this] { ++calls_; }};
};

TEST_F(DeadlineTest, CallsOnceWhenTheTimeHasPassed) {
  const auto at = Deadline::Clock::now() + milliseconds(5);
  deadline_->set(at);
  io_.run();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(Deadline::Clock::now(), at);
}

TEST_F(DeadlineTest, ALaterTimeNeedsNoHandlerUntilTheFirstHasPassed) {
  deadline_->set_after(milliseconds(5));
  const auto at = Deadline::Clock::now() + milliseconds(20);
  deadline_->set(at);
  EXPECT_EQ(io_.poll(), 0U) << "a cancelled wait is a handler, too";
  io_.run();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(Deadline::Clock::now(), at);
}

TEST_F(DeadlineTest, AnEarlierTimeIsKept) {
  const auto late = Deadline::Clock::now() + std::chrono::hours(1);
  deadline_->set(late);
  deadline_->set_after(milliseconds(1));
  io_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTest, WhatIsClearedOrDestroyedIsSilent) {
  deadline_->set_after(milliseconds(1));
  deadline_->clear();
  io_.run();
  io_.restart();
  deadline_->set_after(milliseconds(1));
  deadline_.reset();
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(DeadlineTest, TheCallbackMayDestroyIt) {
  deadline_.emplace(io_.get_executor(), [this] {
    ++calls_;
    deadline_.reset();
  });
  deadline_->set_after(milliseconds(1));
  io_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTest, ItMayBeSetAnewByTheCallback) {
  deadline_.emplace(io_.get_executor(), [this] {
    if (++calls_ < 3) deadline_->set_after(milliseconds(1));
  });
  deadline_->set_after(milliseconds(1));
  io_.run();
  EXPECT_EQ(calls_, 3);
}

}  // namespace
}  // namespace skerry::loop
