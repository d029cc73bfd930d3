// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/pool.h"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::loop {
namespace {

using boost::asio::awaitable;
using ::testing::ElementsAre;

class PoolTest : public ::testing::Test {
 protected:
  template <typename Work>
  void start(Pool& pool, const std::string& tenant, Work work) {
    boost::asio::co_spawn(
        io_,
        [&pool, tenant, work = std::move(work)]() mutable -> awaitable<void> {
          auto running = pool.run(tenant, [&work] {
            work();
            return 0;
          });
          (void)co_await std::move(running);
        },
        boost::asio::detached);
  }
  boost::asio::io_context io_;
};

TEST_F(PoolTest, GivesWhatTheWorkReturnsOnTheLoopsThread) {
  Pool pool(2);
  const auto mine = std::this_thread::get_id();
  std::unique_ptr<int> value;
  std::thread::id worked;
  std::thread::id resumed;
  boost::asio::co_spawn(
      io_,
      [&]() -> awaitable<void> {
        auto running = pool.run("a", [&] {
          worked = std::this_thread::get_id();
          return std::make_unique<int>(7);
        });
        value = co_await std::move(running);
        resumed = std::this_thread::get_id();
      },
      boost::asio::detached);
  io_.run();
  EXPECT_EQ(*value, 7);
  EXPECT_NE(worked, mine);
  EXPECT_EQ(resumed, mine);
}

TEST_F(PoolTest, OneTenantLeavesAThreadForOthers) {
  Pool pool(2);
  std::promise<void> release;
  const auto released = release.get_future().share();
  for (int i = 0; i < 8; ++i) start(pool, "greedy", [released] { released.wait(); });
  start(pool, "other", [&release] { release.set_value(); });
  io_.run();  // would hang if all threads were the greedy one's
}

TEST_F(PoolTest, TenantsTakeTurns) {
  Pool pool(1);
  std::promise<void> release;
  std::vector<std::string> order;
  start(pool, "a", [released = release.get_future().share()] { released.wait(); });
  for (const char* tenant : {"b", "b", "b", "c", "c"}) {
    start(pool, tenant, [&order, tenant] { order.emplace_back(tenant); });
  }
  boost::asio::post(io_, [&release] { release.set_value(); });  // when all wait
  io_.run();
  EXPECT_THAT(order, ElementsAre("b", "c", "b", "c", "b"));
}

TEST_F(PoolTest, EndsWhenAllWorkIsDone) {
  std::atomic<int> done = 0;
  {
    Pool pool(2);
    for (int i = 0; i < 100; ++i) start(pool, "a", [&done] { ++done; });
    io_.poll();
  }
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace skerry::loop
