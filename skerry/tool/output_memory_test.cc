// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/output_memory.h"

#include <memory>
#include <optional>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

TEST(OutputMemoryTest, WhenItIsUsedUpTheOldestGoesOn) {
  int resumed = 0;
  const auto memory = std::make_shared<OutputMemory>(bytes(100));
  std::optional<OutputMemory::Share> first(std::in_place, memory);
  OutputMemory::Share second(memory);
  OutputMemory::Share third(memory);
  third.set_resume([&] { ++resumed; });
  second.add(60);
  third.add(40);
  EXPECT_FALSE(second.must_wait() || third.must_wait());
  first->add(1);
  EXPECT_TRUE(second.must_wait() && third.must_wait());
  EXPECT_FALSE(first->must_wait());
  first->add(1000);
  EXPECT_FALSE(first->must_wait());
  first.reset();
  EXPECT_EQ(memory->used(), 100U);
  EXPECT_FALSE(third.must_wait());
  EXPECT_EQ(resumed, 1);
}

TEST(OutputMemoryTest, TheNextOldestGoesOnWhenTheFirstIsGone) {
  bool is_resumed = false;
  const auto memory = std::make_shared<OutputMemory>(bytes(10));
  std::optional<OutputMemory::Share> first(std::in_place, memory);
  OutputMemory::Share second(memory);
  OutputMemory::Share third(memory);
  second.add(50);
  third.add(50);
  EXPECT_TRUE(second.must_wait());
  second.set_resume([&] { is_resumed = true; });
  first.reset();
  EXPECT_TRUE(is_resumed);
  EXPECT_FALSE(second.must_wait());
  EXPECT_TRUE(third.must_wait());
}

TEST(OutputMemoryTest, AShareMayOutliveWhoMadeTheMemory) {
  auto memory = std::make_shared<OutputMemory>(bytes(10));
  OutputMemory::Share share(memory);
  memory.reset();
  share.add(5);
  EXPECT_FALSE(share.must_wait());
}

}  // namespace
}  // namespace skerry::tool
