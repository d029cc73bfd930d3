// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/safe_point.h"

#include <csignal>

#include <gtest/gtest.h>

namespace skerry {
namespace {

int g_acted = 0;

void act(int) {
  SafePoint::act([] { ++g_acted; });
}

TEST(SafePointTest, AnActionWaitsForTheNextOne) {
  g_acted = 0;
  ASSERT_NE(std::signal(SIGUSR1, act), SIG_ERR);
  std::raise(SIGUSR1);
  EXPECT_EQ(g_acted, 0);
  {
    const SafePoint guest(true);
    EXPECT_EQ(g_acted, 1);
    std::raise(SIGUSR1);
    EXPECT_EQ(g_acted, 2);
    {
      const SafePoint host(false);
      std::raise(SIGUSR1);
      EXPECT_EQ(g_acted, 2);
    }
    EXPECT_EQ(g_acted, 3);
  }
  std::raise(SIGUSR1);
  EXPECT_EQ(g_acted, 3);
  const SafePoint wait(true);
  EXPECT_EQ(g_acted, 4);
  std::signal(SIGUSR1, SIG_DFL);
}

}  // namespace
}  // namespace skerry
