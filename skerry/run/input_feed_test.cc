// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/input_feed.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::run {
namespace {

using Kind = worker::InputPiece::Kind;

TEST(InputFeedTest, TextComesInOrderAndThenItsEndOnce) {
  InputFeed feed;
  EXPECT_FALSE(feed.next());
  feed.add("one\n");
  feed.add("two\n");
  feed.end();
  EXPECT_EQ(feed.next()->text, "one\ntwo\n");
  EXPECT_EQ(feed.next()->kind, Kind::kEnd);
  EXPECT_FALSE(feed.next());
  feed.add("late");
  EXPECT_FALSE(feed.next());
}

TEST(InputFeedTest, LargeTextComesInPieces) {
  InputFeed feed;
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i);
  feed.add(text);
  std::string got;
  while (const auto piece = feed.next()) {
    EXPECT_LE(piece->text.size(), worker::InputPiece::kMaxText);
    got += piece->text;
  }
  EXPECT_EQ(got, text);
}

TEST(InputFeedTest, RoomIsToldWhenTextWasTaken) {
  InputFeed feed;
  int told = 0;
  feed.set_room([&] { ++told; });
  feed.add(std::string(InputFeed::kMaxHeld - 1, 'x'));
  EXPECT_TRUE(feed.has_room());
  feed.add("xx");
  EXPECT_FALSE(feed.has_room());
  EXPECT_EQ(told, 0);
  (void)feed.next();
  EXPECT_TRUE(feed.has_room());
  (void)feed.next();
  EXPECT_EQ(told, 1);
}

TEST(InputFeedTest, AnInterruptGoesFirstAndDropsWhatWasTypedAhead) {
  InputFeed feed;
  int told = 0;
  feed.set_room([&] { ++told; });
  feed.add(std::string(InputFeed::kMaxHeld, 'x'));
  feed.interrupt();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(feed.next()->kind, Kind::kInterrupt);
  EXPECT_FALSE(feed.next());
  feed.add("more");
  EXPECT_EQ(feed.next()->text, "more");
}

TEST(InputFeedTest, WhoTakesIsToldOfEachPiece) {
  InputFeed feed;
  int told = 0;
  feed.set_more([&] { ++told; });
  feed.add("");
  EXPECT_EQ(told, 0);
  feed.add("x");
  feed.interrupt();
  feed.end();
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace skerry::run
