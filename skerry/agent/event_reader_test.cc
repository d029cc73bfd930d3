// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/event_reader.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

using ::testing::ElementsAre;

/// The events of a stream that comes in pieces of so many bytes.
std::vector<std::string> events_of(std::string_view text, std::size_t piece) {
  std::vector<std::string> seen;
  const auto take = [&](std::string_view data) {
    seen.emplace_back(data);
    return ok_status();
  };
  EventReader reader(1000);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(reader.take(text.substr(at, piece), take).ok());
  }
  EXPECT_TRUE(reader.finish(take).ok());
  return seen;
}

TEST(EventReaderTest, EventsAreTheSameHoweverTheyArePiecedAndTheirLinesEnd) {
  const std::string text =
      ": a comment\r\nevent: x\r\ndata: one\r\n\r\ndata:two\ndata\ndata:  three\n\nid: 4\n\n"
      "data: four\r\rdatabase: no\n\ndata: last";
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_THAT(events_of(text, piece), ElementsAre("one", "two\n\n three", "four", "last"))
        << piece;
  }
}

TEST(EventReaderTest, AnEventThatIsTooLongEndsTheReading) {
  const auto take = [](std::string_view) { return ok_status(); };
  EventReader in_one_line(100);
  EXPECT_EQ(in_one_line.take("data: " + std::string(95, 'x'), take).code(),
            StatusCode::kOutOfRange);
  EventReader in_many(100);
  Status status;
  for (int i = 0; i < 30 && status.ok(); ++i) status = in_many.take("data: xxxx\n", take);
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EventReader one_by_one(100);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(one_by_one.take("data: xxxx\n\n", take).ok());
}

TEST(EventReaderTest, WhoSeesThemMayEndTheReading) {
  EventReader reader(100);
  int seen = 0;
  const auto take = [&](std::string_view) {
    ++seen;
    return Status(absl::UnavailableError("enough"));
  };
  EXPECT_EQ(reader.take("data: a\n\ndata: b\n\n", take).code(), StatusCode::kUnavailable);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace skerry::agent
