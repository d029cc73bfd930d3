// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/routing.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

TEST(ComplexityTest, IsBetweenZeroAndOneAndAddsItsPartsUp) {
  EXPECT_EQ(complexity_of(""), 0);
  EXPECT_NEAR(complexity_of("What is 2+2?"), 0.30 * 4 / 200, 1e-9);
  EXPECT_NEAR(complexity_of("first x, then y, finally z"), 0.30 * 6 / 200 + 0.30 * 3 / 4, 1e-9);
  EXPECT_NEAR(complexity_of("Explain WHY; explain why"), 0.30 * 4 / 200 + 0.25 * 2 / 3, 1e-9);
  EXPECT_NEAR(complexity_of("a\n```\nb\n```"), 0.30 * 2 / 200 + 0.15, 1e-9);
  EXPECT_NEAR(complexity_of("1. a\n2) b\n- c\n* d"), 0.30 * 6 / 200 + 0.30 + 0.15 * 3 / 20, 1e-9);
  std::string all = "```\n- analyze, compare, design\n";
  for (int i = 0; i < 300; ++i) all += "then ";
  EXPECT_NEAR(complexity_of(all), 1, 1e-9);
}

TEST(ComplexityTest, TakesAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 31);
  const double score = complexity_of(bytes);
  EXPECT_GE(score, 0);
  EXPECT_LE(score, 1);
  EXPECT_NEAR(complexity_of("日本語 の 質問"), 0.30 * 3 / 200, 1e-9);
}

TEST(TierTest, ModeAndScoreChooseIt) {
  EXPECT_EQ(tier_of(Mode::kStandard, 0.29), Tier::kSmall);
  EXPECT_EQ(tier_of(Mode::kStandard, 0.3), Tier::kMedium);
  EXPECT_EQ(tier_of(Mode::kStandard, 0.5), Tier::kMedium);
  EXPECT_EQ(tier_of(Mode::kStandard, 0.51), Tier::kLarge);
  EXPECT_EQ(tier_of(Mode::kSimple, 1), Tier::kSmall);
  EXPECT_EQ(tier_of(Mode::kComplex, 0), Tier::kLarge);
  EXPECT_EQ(tier_of(Mode::kSupervisor, 0), Tier::kLarge);
}

TEST(TierTest, NamesAreReadAsTheyAreWritten) {
  for (const Tier each : {Tier::kSmall, Tier::kMedium, Tier::kLarge}) {
    EXPECT_EQ(tier_named(name_of(each)), each);
  }
  for (const Mode each : {Mode::kSimple, Mode::kStandard, Mode::kComplex, Mode::kSupervisor}) {
    EXPECT_EQ(mode_named(name_of(each)), each);
  }
  EXPECT_FALSE(tier_named("huge"));
  EXPECT_FALSE(mode_named(""));
}

}  // namespace
}  // namespace skerry::agent
