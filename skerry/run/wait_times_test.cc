// SPDX-License-Identifier: Apache-2.0
#include "skerry/run/wait_times.h"

#include <gtest/gtest.h>

namespace skerry::run {
namespace {

TEST(WaitTimesTest, EachWaitIsInTheFirstClassThatHoldsIt) {
  WaitTimes waits;
  waits.add(std::chrono::microseconds(10));
  waits.add(std::chrono::microseconds(100));
  waits.add(std::chrono::microseconds(101));
  waits.add(std::chrono::minutes(2));
  EXPECT_EQ(waits.runs.front(), 2U);
  EXPECT_EQ(waits.runs[1], 1U);
  EXPECT_EQ(waits.runs.back(), 1U);
  EXPECT_NEAR(waits.seconds, 120.000211, 1e-9);
}

}  // namespace
}  // namespace skerry::run
