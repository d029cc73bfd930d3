// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/time_text.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace skerry {
namespace {

TEST(TimeTextTest, ProgramsGetUtcWithItsZone) {
  EXPECT_EQ(utc_time(1'700'000'000'123'000'000), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(utc_time(0), "");
}

TEST(TimeTextTest, PeopleGetTheTimeWhereTheyAre) {
  ::setenv("TZ", "XXX-2", 1);
  ::tzset();
  EXPECT_EQ(local_time(1'700'000'000'123'000'000), "2023-11-15 00:13:20");
  EXPECT_EQ(utc_time(1'700'000'000'123'000'000), "2023-11-14T22:13:20.123Z");
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace skerry
