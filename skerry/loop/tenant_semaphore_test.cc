// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/tenant_semaphore.h"

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

class TenantSemaphoreTest : public ::testing::Test {
 protected:
  /// Whoever waits; `permit` is there when it has ended.
  struct Waiter {
    std::optional<Result<TenantSemaphore::Permit>> permit;
    boost::asio::cancellation_signal stop;
    bool is_granted() const { return permit.has_value() && permit->ok(); }
  };

  std::shared_ptr<Waiter> take(TenantSemaphore& semaphore, const std::string& tenant,
                               milliseconds patience = kLong) {
    auto waiter = std::make_shared<Waiter>();
    boost::asio::co_spawn(
        io_,
        [&semaphore, tenant, patience, waiter]() -> boost::asio::awaitable<void> {
          std::string name = tenant;
          std::string what = "another one";
          auto taking = semaphore.take(std::move(name), std::move(what), patience);
          waiter->permit.emplace(co_await std::move(taking));
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

TEST_F(TenantSemaphoreTest, EachTenantHasItsOwn) {
  TenantSemaphore semaphore(1);
  const auto a = take(semaphore, "a");
  const auto b = take(semaphore, "b");
  EXPECT_TRUE(a->is_granted());
  EXPECT_TRUE(b->is_granted());
  const auto next = take(semaphore, "a");
  EXPECT_FALSE(next->permit.has_value());
  a->permit.reset();
  poll();
  EXPECT_TRUE(next->is_granted());
}

TEST_F(TenantSemaphoreTest, ThoseWhoWaitComeInOrder) {
  TenantSemaphore semaphore(1);
  auto first = take(semaphore, "a");
  std::vector<std::shared_ptr<Waiter>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(take(semaphore, "a"));
  auto held = first;
  for (const auto& next : waiting) {
    held->permit.reset();
    poll();
    EXPECT_TRUE(next->is_granted());
    held = next;
  }
}

TEST_F(TenantSemaphoreTest, AllTogetherHaveSoMany) {
  TenantSemaphore semaphore(1, 2);
  const auto a = take(semaphore, "a");
  const auto b = take(semaphore, "b");
  const auto c = take(semaphore, "c");
  EXPECT_FALSE(c->permit.has_value());
  b->permit.reset();
  poll();
  EXPECT_TRUE(c->is_granted());
}

TEST_F(TenantSemaphoreTest, PatienceEnds) {
  TenantSemaphore semaphore(1);
  const auto a = take(semaphore, "a");
  const auto late = take(semaphore, "a", milliseconds(1));
  io_.restart();
  io_.run();
  ASSERT_TRUE(late->permit.has_value());
  EXPECT_EQ(late->permit->status().code(), StatusCode::kResourceExhausted);
  a->permit.reset();
  EXPECT_TRUE(take(semaphore, "a")->is_granted());
}

TEST_F(TenantSemaphoreTest, AWaitThatIsCancelledTakesNothing) {
  TenantSemaphore semaphore(1);
  const auto a = take(semaphore, "a");
  const auto gone = take(semaphore, "a");
  gone->stop.emit(boost::asio::cancellation_type::terminal);
  poll();
  ASSERT_TRUE(gone->permit.has_value());
  EXPECT_EQ(gone->permit->status().code(), StatusCode::kCancelled);
  a->permit.reset();
  EXPECT_TRUE(take(semaphore, "a")->is_granted());
}

TEST_F(TenantSemaphoreTest, ATurnMayOutliveThem) {
  auto semaphore = std::make_unique<TenantSemaphore>(1);
  const auto a = take(*semaphore, "a");
  semaphore.reset();
  a->permit.reset();
}

}  // namespace
}  // namespace skerry::loop
