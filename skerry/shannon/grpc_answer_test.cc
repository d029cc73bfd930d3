// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/grpc_answer.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::shannon {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kMiB = 1 << 20;

::shannon::agent::ExecuteTaskResponse answer_of(const std::string& result, std::size_t outputs,
                                                const std::string& output) {
  ::shannon::agent::ExecuteTaskResponse answer;
  answer.set_result(result);
  for (std::size_t i = 0; i < outputs; ++i) {
    answer.add_tool_results()->mutable_output()->set_string_value(output);
  }
  return answer;
}

TEST(FitAnswerTest, WhatFitsIsLeftAsItIs) {
  auto answer = answer_of(std::string(kMiB, 'a'), 2, std::string(kMiB, 'b'));
  const std::string before = answer.SerializeAsString();
  fit_answer(answer);
  EXPECT_EQ(answer.SerializeAsString(), before);
}

TEST(FitAnswerTest, TheResultStaysWholeWhereTheOutputsCanBeCut) {
  auto answer = answer_of(std::string(3 * kMiB, 'a'), 1, std::string(3 * kMiB, 'a'));
  fit_answer(answer);
  EXPECT_LE(answer.ByteSizeLong(), kMaxAnswer);
  EXPECT_GT(answer.ByteSizeLong(), kMaxAnswer - 1000);
  EXPECT_EQ(answer.result().size(), 3 * kMiB);
  EXPECT_THAT(answer.tool_results(0).output().string_value(), StartsWith("aaaa"));
  EXPECT_THAT(answer.tool_results(0).output().string_value(), HasSubstr("[cut: gRPC clients"));
}

TEST(FitAnswerTest, TheLongestAreCutToOneLengthAndShorterOnesNot) {
  auto answer = answer_of("", 4, std::string(kMiB + kMiB / 2, 'b'));
  answer.mutable_tool_results(3)->mutable_output()->set_string_value(std::string(1000, 'c'));
  fit_answer(answer);
  EXPECT_LE(answer.ByteSizeLong(), kMaxAnswer);
  EXPECT_EQ(answer.tool_results(0).output().string_value().size(),
            answer.tool_results(1).output().string_value().size());
  EXPECT_EQ(answer.tool_results(3).output().string_value(), std::string(1000, 'c'));
}

TEST(FitAnswerTest, AResultThatIsTooLargeAloneIsCutToo) {
  auto answer = answer_of(std::string(6 * kMiB, 'a'), 1, std::string(6 * kMiB, 'a'));
  fit_answer(answer);
  EXPECT_LE(answer.ByteSizeLong(), kMaxAnswer);
  EXPECT_GT(answer.result().size(), 3 * kMiB);
  EXPECT_THAT(answer.result(), HasSubstr("[cut: gRPC clients"));
}

TEST(FitAnswerTest, ManyTextsThatTogetherAreTooLongAreCut) {
  auto answer = answer_of("", 500, std::string(20'000, 'd'));
  fit_answer(answer);
  EXPECT_LE(answer.ByteSizeLong(), kMaxAnswer);
}

TEST(FitAnswerTest, CharactersStayWholeAndMetadataCount) {
  ::shannon::common::ToolResult result;
  std::string text;
  while (text.size() < 3 * kMiB) text += "\xEF\xBF\xBD";
  result.mutable_output()->set_string_value(text);
  (*result.mutable_metadata()->mutable_fields())["stderr"].set_string_value(text);
  fit_answer(result);
  EXPECT_LE(result.ByteSizeLong(), kMaxAnswer);
  ::shannon::common::ToolResult again;
  EXPECT_TRUE(again.ParseFromString(result.SerializeAsString()));
  EXPECT_THAT(result.output().string_value(), EndsWith("all of it]\n"));
  ::shannon::agent::TaskUpdate update;
  update.set_message(text);
  *update.mutable_tool_result()->mutable_output() = result.output();
  fit_answer(update);
  EXPECT_LE(update.ByteSizeLong(), kMaxAnswer);
}

}  // namespace
}  // namespace skerry::shannon
