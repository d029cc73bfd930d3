// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::task {
namespace {

using nlohmann::json;
using ::testing::EndsWith;

TEST(EventsTest, ParametersAreShownWithLongTextsCutAndNoMoreThanFits) {
  const json cut = shown({{"code", std::string(5000, 'x')}, {"n", 3}, {"list", {1, "é"}}});
  EXPECT_EQ(cut["n"], 3);
  EXPECT_EQ(cut["list"], (json{1, "é"}));
  EXPECT_EQ(cut["code"].get<std::string>().size(), 1000U);
  EXPECT_THAT(cut["code"].get<std::string>(), EndsWith("…"));

  json many = json::object();
  for (int i = 0; i < 100'000; ++i) many["k" + std::to_string(i)] = std::string(100, 'y');
  EXPECT_LT(shown(many).dump().size(), 20'000U);
  EXPECT_EQ(shown(many)["…"], "left out");

  json deep = 1;
  for (int i = 0; i < 60; ++i) deep = json::array({deep});
  EXPECT_LT(shown(deep).dump().size(), 100U);
}

TEST(EventsTest, OutputIsToldInPiecesThatTogetherAreAllOfIt) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "é";
  std::string together;
  for (const Event& each : printed("python_executor", wasi::Stream::kStderr, text)) {
    EXPECT_LE(each.message.size(), kMaxMessage);
    EXPECT_EQ(each.payload["event"], "stderr");
    EXPECT_EQ(each.payload["intermediate"], true);
    together += each.message;
  }
  EXPECT_EQ(together, text);
}

TEST(EventsTest, SmallOutputOfOneStreamIsOneEvent) {
  std::deque<Event> events;
  for (int i = 0; i < 100; ++i) {
    for (Event& each : printed("t", wasi::Stream::kStdout, "ab")) append(events, std::move(each));
  }
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].message.size(), 200U);
}

TEST(EventsTest, OutputThatNobodyWritesDownIsBoundedAndNothingElseIsLost) {
  std::deque<Event> events;
  append(events, {.type = kWorkflowStarted});
  for (int i = 0; i < 50'000; ++i) {
    const auto stream = i % 2 == 0 ? wasi::Stream::kStdout : wasi::Stream::kStderr;
    for (Event& each : printed("t", stream, "x")) append(events, std::move(each));
  }
  append(events, stream_end());
  EXPECT_EQ(events.size(), kEventsKept);
  EXPECT_EQ(events.front().type, kWorkflowStarted);
  EXPECT_EQ(events.back().type, kStreamEnd);
}

TEST(EventsTest, AnObservationSaysHowItWent) {
  agent::Execution execution{.call = {.tool = "t"}, .result = {.output = std::string(3000, 'o')}};
  const Event good = observed(execution);
  EXPECT_LE(good.message.size(), kMaxMessage);
  EXPECT_EQ(good.payload["success"], true);
  EXPECT_EQ(good.payload["usage"]["tokens"], 0);
  execution.result = tool::failed(tool::Verdict::kFailed, "it broke");
  EXPECT_EQ(observed(execution).message, "it broke");
  EXPECT_EQ(observed(execution).payload["success"], false);
}

TEST(TaskTest, NamesIdsAndTimesAreReadAsTheyAreWritten) {
  for (int i = 1; i <= 7; ++i) {
    const auto state = static_cast<State>(i);
    EXPECT_EQ(state_named(name_of(state)), state);
  }
  EXPECT_EQ(state_named("timeout"), State::kTimeout);
  EXPECT_EQ(state_named("TASK_STATUS_"), std::nullopt);
  EXPECT_EQ(state_named(""), std::nullopt);
  EXPECT_TRUE(is_id("a:b_c-d.E9"));
  for (const std::string& wrong : {std::string(), std::string(129, 'a'), std::string("a/b"),
                                   std::string("ä"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(is_id(wrong)) << wrong;
  }
  EXPECT_TRUE(is_id(new_id("task-")));
  EXPECT_NE(new_id(""), new_id(""));
}

}  // namespace
}  // namespace skerry::task
