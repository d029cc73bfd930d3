// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_access.h"

#include <optional>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/broker/test_run.h"
#include "skerry/store/directory_store.h"

namespace skerry::session {
namespace {

using store::SessionName;
using store::SessionStore;

class SessionAccessTest : public ::testing::Test {
 protected:
  void SetUp() override { ::alarm(60); }
  void TearDown() override { ::alarm(0); }

  /// A call that takes the lease of session `s`, and its answer when it is there.
  std::shared_ptr<std::optional<Status>> take_lease(boost::asio::cancellation_slot slot = {}) {
    auto answer = std::make_shared<std::optional<Status>>();
    auto work = [this](SessionStore& store) -> Status {
      ++calls_;
      return store.lease(SessionName::parse("s").value()).status();
    };
    boost::asio::co_spawn(
        io_, access_.with("t", std::move(work)),
        boost::asio::bind_cancellation_slot(
            slot, [answer](const std::exception_ptr&, Status status) { *answer = status; }));
    return answer;
  }

  TestDirectory directory_;
  std::filesystem::path store_ = directory_.path() / "store";
  boost::asio::io_context io_;
  SessionAccess access_{std::make_shared<store::DirectoryStores>(store_, store::Policy())};
  std::atomic<int> calls_ = 0;
};

TEST_F(SessionAccessTest, WorkSeesTheTenantsStore) {
  const auto answer = take_lease();
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return answer->has_value(); }));
  EXPECT_TRUE((*answer)->ok()) << **answer;
  EXPECT_EQ(calls_, 1);
}

TEST_F(SessionAccessTest, ABusySessionIsAskedForAgainAndHoldsUpNoOther) {
  auto store = store::DirectoryStore::open(store_, "t", {}).value();
  auto held = std::make_optional(store->lease(SessionName::parse("s").value()).value());
  const auto first = take_lease();
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return calls_ > 2; }));
  EXPECT_FALSE(first->has_value());
  std::optional<Status> other;
  boost::asio::co_spawn(io_,
                        access_.with("t", [](SessionStore& mine) { return mine.list().status(); }),
                        [&](const std::exception_ptr&, Status status) { other = status; });
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return other.has_value(); }));
  EXPECT_TRUE(other->ok()) << *other;
  held.reset();
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return first->has_value(); }));
  EXPECT_TRUE((*first)->ok()) << **first;
}

TEST_F(SessionAccessTest, AWaitCanBeCancelled) {
  auto store = store::DirectoryStore::open(store_, "t", {}).value();
  const auto held = store->lease(SessionName::parse("s").value()).value();
  boost::asio::cancellation_signal stop;
  const auto answer = take_lease(stop.slot());
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return calls_ > 1; }));
  stop.emit(boost::asio::cancellation_type::terminal);
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return answer->has_value(); }));
  EXPECT_EQ((*answer)->code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace skerry::session
