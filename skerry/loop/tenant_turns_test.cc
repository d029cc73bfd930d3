// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/tenant_turns.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{60'000};

class TenantTurnsTest : public ::testing::Test {
 protected:
  /// Whoever waits; `turn` is there when it has ended.
  struct Waiter {
    std::optional<Result<TenantTurns::Turn>> turn;
    boost::asio::cancellation_signal stop;
    bool has_turn() const { return turn.has_value() && turn->ok(); }
  };

  std::shared_ptr<Waiter> take(TenantTurns& turns, const std::string& tenant,
                               milliseconds patience = kLong) {
    auto waiter = std::make_shared<Waiter>();
    boost::asio::co_spawn(
        io_,
        [&turns, tenant, patience, waiter]() -> boost::asio::awaitable<void> {
          std::string name = tenant;
          std::string what = "another one";
          auto taking = turns.take(std::move(name), std::move(what), patience);
          waiter->turn.emplace(co_await std::move(taking));
        },
        boost::asio::bind_cancellation_slot(waiter->stop.slot(), boost::asio::detached));
    poll();
    return waiter;
  }

  void poll() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
};

TEST_F(TenantTurnsTest, EachTenantHasItsOwn) {
  TenantTurns turns(1);
  const auto a = take(turns, "a");
  const auto b = take(turns, "b");
  EXPECT_TRUE(a->has_turn());
  EXPECT_TRUE(b->has_turn());
  const auto next = take(turns, "a");
  EXPECT_FALSE(next->turn.has_value());
  a->turn.reset();
  poll();
  EXPECT_TRUE(next->has_turn());
}

TEST_F(TenantTurnsTest, ThoseWhoWaitComeInOrder) {
  TenantTurns turns(1);
  auto first = take(turns, "a");
  std::vector<std::shared_ptr<Waiter>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(take(turns, "a"));
  auto held = first;
  for (const auto& next : waiting) {
    held->turn.reset();
    poll();
    EXPECT_TRUE(next->has_turn());
    held = next;
  }
}

TEST_F(TenantTurnsTest, AllTogetherHaveSoMany) {
  TenantTurns turns(1, 2);
  const auto a = take(turns, "a");
  const auto b = take(turns, "b");
  const auto c = take(turns, "c");
  EXPECT_FALSE(c->turn.has_value());
  b->turn.reset();
  poll();
  EXPECT_TRUE(c->has_turn());
}

TEST_F(TenantTurnsTest, PatienceEnds) {
  TenantTurns turns(1);
  const auto a = take(turns, "a");
  const auto late = take(turns, "a", milliseconds(1));
  io_.restart();
  io_.run();
  ASSERT_TRUE(late->turn.has_value());
  EXPECT_EQ(late->turn->status().code(), StatusCode::kResourceExhausted);
  a->turn.reset();
  EXPECT_TRUE(take(turns, "a")->has_turn());
}

TEST_F(TenantTurnsTest, AWaitThatIsCancelledTakesNothing) {
  TenantTurns turns(1);
  const auto a = take(turns, "a");
  const auto gone = take(turns, "a");
  gone->stop.emit(boost::asio::cancellation_type::terminal);
  poll();
  ASSERT_TRUE(gone->turn.has_value());
  EXPECT_EQ(gone->turn->status().code(), StatusCode::kCancelled);
  a->turn.reset();
  EXPECT_TRUE(take(turns, "a")->has_turn());
}

TEST_F(TenantTurnsTest, ATurnMayOutliveThem) {
  auto turns = std::make_unique<TenantTurns>(1);
  const auto a = take(*turns, "a");
  turns.reset();
  a->turn.reset();
}

}  // namespace
}  // namespace skerry::loop
