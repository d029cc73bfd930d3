// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/connections.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace skerry::http {
namespace {

class FakeConnection final : public Connections::Member {
 public:
  FakeConnection(Connections& all, const std::string& address, PortKind kind = PortKind::kClients)
      : Member(all, address, kind) {}
  void abort() override { is_aborted = true; }
  void check(Connections::Clock::time_point) override { ++checks; }

  using Member::set_busy;
  using Member::set_trusted;
  using Member::set_unsent;
  bool is_aborted = false;
  int checks = 0;
};

class ConnectionsTest : public ::testing::Test {
 protected:
  std::unique_ptr<FakeConnection> open(const std::string& address,
                                       PortKind kind = PortKind::kClients) {
    return all_.admit(address, kind) ? std::make_unique<FakeConnection>(all_, address, kind)
                                     : nullptr;
  }
  std::unique_ptr<FakeConnection> open_later(const std::string& address) {
    now_ += std::chrono::seconds(1);
    return open(address);
  }
  static Connections::Clock::time_point now() { return now_; }
  static inline Connections::Clock::time_point now_{};
  Connections all_{ServerLimits{.connections = 3,
                                .connections_per_address = 2,
                                .operations_connections = 1,
                                .body_memory = kib(256),
                                .unsent_memory = kib(100)},
                   now};
};

TEST_F(ConnectionsTest, ANewConnectionTakesThePlaceOfTheOneThatIsIdleLongest) {
  const auto first = open_later("a");
  const auto second = open_later("b");
  const auto third = open_later("c");
  const auto fourth = open_later("d");
  ASSERT_NE(fourth, nullptr);
  EXPECT_TRUE(first->is_aborted);
  EXPECT_FALSE(second->is_aborted || third->is_aborted);
  EXPECT_EQ(all_.count(PortKind::kClients), 3) << "who is ended counts no more";
  const auto fifth = open("e");
  EXPECT_TRUE(second->is_aborted);
}

TEST_F(ConnectionsTest, ConnectionsWithAKeyStayBeforeThoseWithout) {
  const auto trusted = open_later("a");
  trusted->set_trusted();
  const auto other = open_later("b");
  const auto third = open_later("c");
  const auto fourth = open_later("d");
  EXPECT_FALSE(trusted->is_aborted);
  EXPECT_TRUE(other->is_aborted);
}

TEST_F(ConnectionsTest, BusyConnectionsAreNotEnded) {
  const auto first = open("a");
  const auto second = open("b");
  const auto third = open("c");
  for (const auto& each : {first.get(), second.get(), third.get()}) each->set_busy(true);
  EXPECT_EQ(open("d"), nullptr);
  EXPECT_FALSE(first->is_aborted || second->is_aborted || third->is_aborted);
  second->set_busy(false);
  EXPECT_NE(open("d"), nullptr);
  EXPECT_TRUE(second->is_aborted);
}

TEST_F(ConnectionsTest, OneAddressHasAShare) {
  const auto first = open_later("a");
  const auto second = open_later("a");
  const auto other = open_later("b");
  other->set_busy(true);
  const auto third = open_later("a");
  EXPECT_TRUE(first->is_aborted) << "its own goes";
  EXPECT_FALSE(second->is_aborted);
}

TEST_F(ConnectionsTest, OperationsHavePlacesOfTheirOwn) {
  const auto first = open("a");
  const auto second = open("b");
  const auto third = open("c");
  for (const auto& each : {first.get(), second.get(), third.get()}) each->set_busy(true);
  const auto operator_s = open("a", PortKind::kOperations);
  ASSERT_NE(operator_s, nullptr);
  EXPECT_EQ(all_.count(PortKind::kOperations), 1);
}

TEST_F(ConnectionsTest, TheSlowestReaderGoesWhenAnswersTakeTooMuchMemory) {
  const auto slow = open("a");
  const auto quick = open("b");
  slow->set_unsent(60 * 1024);
  quick->set_unsent(60 * 1024);
  EXPECT_FALSE(slow->is_aborted) << "it has only begun";
  EXPECT_EQ(all_.unsent(), 120U * 1024);
  quick->set_unsent(0);
  now_ += std::chrono::seconds(2);
  quick->set_unsent(30 * 1024);
  EXPECT_FALSE(slow->is_aborted) << "there is room";
  quick->set_unsent(60 * 1024);
  EXPECT_TRUE(slow->is_aborted);
  EXPECT_FALSE(quick->is_aborted);
  EXPECT_EQ(all_.unsent(), 60U * 1024);
}

TEST_F(ConnectionsTest, BodiesTogetherHaveABound) {
  BodyShare first(all_);
  EXPECT_TRUE(first.grow_to(200 * 1024));
  {
    BodyShare second(all_);
    EXPECT_FALSE(second.grow_to(100 * 1024));
    EXPECT_TRUE(second.grow_to(kSmallBody)) << "small ones always have room";
  }
  EXPECT_EQ(all_.body_bytes(), 200U * 1024);
  EXPECT_TRUE(first.grow_to(256 * 1024));
}

TEST_F(ConnectionsTest, OfLargeBodiesThatDoNotFitTheOldestArrives) {
  auto first = std::make_unique<BodyShare>(all_);
  BodyShare second(all_);
  EXPECT_TRUE(first->grow_to(100 * 1024));
  EXPECT_TRUE(second.grow_to(100 * 1024));
  EXPECT_TRUE(first->grow_to(200 * 1024)) << "though both have more than there is";
  EXPECT_FALSE(second.grow_to(110 * 1024));
  EXPECT_FALSE(first->grow_to(300 * 1024)) << "more than there is";
  first.reset();
  EXPECT_TRUE(second.grow_to(110 * 1024));
}

/// A share whose client is waited for.
class WaitingShare : public BodyShare {
 public:
  explicit WaitingShare(Connections& all) : BodyShare(all) {
    begin_waiting([this] { ++told; });
  }
  int told = 0;
};

TEST_F(ConnectionsTest, ABodyThatStallsGivesWayToOneThatNeedsItsMemory) {
  WaitingShare stalled(all_);
  BodyShare next(all_);
  EXPECT_TRUE(stalled.grow_to(200 * 1024));
  EXPECT_FALSE(next.grow_to(100 * 1024)) << "it may still come";
  now_ += 2 * kRateWindow;
  EXPECT_TRUE(next.grow_to(101 * 1024));
  EXPECT_TRUE(stalled.has_given_way());
  EXPECT_EQ(stalled.told, 1);
  EXPECT_EQ(all_.body_bytes(), 101U * 1024);
  EXPECT_FALSE(stalled.grow_to(201 * 1024)) << "its client sends again";
  EXPECT_EQ(all_.body_bytes(), 101U * 1024);
}

TEST_F(ConnectionsTest, ASlowBodyIsLeftAloneWhereNobodyNeedsItsMemory) {
  WaitingShare slow(all_);
  EXPECT_TRUE(slow.grow_to(100 * 1024));
  now_ += std::chrono::seconds(50);
  BodyShare other(all_);
  EXPECT_TRUE(other.grow_to(100 * 1024));
  EXPECT_TRUE(slow.grow_to(101 * 1024));
  EXPECT_EQ(slow.told, 0);
}

TEST_F(ConnectionsTest, ABodyThatComesAtTheLeastRateDoesNotGiveWay) {
  const auto told_at = [](std::uint64_t rate) {
    Connections all(ServerLimits{.body_memory = mib(2)}, now);
    WaitingShare steady(all);
    BodyShare next(all);
    std::uint64_t size = std::uint64_t{1} << 20;
    EXPECT_TRUE(steady.grow_to(size));
    for (int i = 0; i < 100; ++i) {
      now_ += std::chrono::milliseconds(kRateWindow) / 50;
      EXPECT_TRUE(steady.grow_to(size += rate / 10));
    }
    now_ += std::chrono::milliseconds(50);  // it waits for the next piece
    (void)next.grow_to(std::uint64_t{3} << 19);
    return steady.told;
  };
  EXPECT_EQ(told_at(kLeastRate), 0);
  EXPECT_EQ(told_at(kLeastRate / 4), 1);
}

TEST_F(ConnectionsTest, ABurstDoesNotPayForALongStall) {
  WaitingShare burst(all_);
  BodyShare next(all_);
  EXPECT_TRUE(burst.grow_to(256 * 1024));
  now_ += kRateWindow + std::chrono::milliseconds(1);
  EXPECT_TRUE(next.grow_to(100 * 1024));
  EXPECT_EQ(burst.told, 1);
}

TEST_F(ConnectionsTest, ABodyThatIsWholeDoesNotGiveWay) {
  WaitingShare whole(all_);
  BodyShare next(all_);
  EXPECT_TRUE(whole.grow_to(200 * 1024));
  whole.end_waiting();
  now_ += std::chrono::seconds(30);
  EXPECT_FALSE(next.grow_to(100 * 1024)) << "it is being answered";
  whole.begin_waiting([] {});
  EXPECT_FALSE(next.grow_to(100 * 1024)) << "the time meanwhile was not its client's";
}

TEST_F(ConnectionsTest, EachIsCheckedAlsoWhereAnotherEndsMeanwhile) {
  const auto first = open("a");
  const auto second = open("b");
  all_.check(Connections::Clock::now());
  EXPECT_EQ(first->checks, 1);
  EXPECT_EQ(second->checks, 1);
}

}  // namespace
}  // namespace skerry::http
