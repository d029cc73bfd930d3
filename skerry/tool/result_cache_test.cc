// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/result_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

using std::chrono::seconds;

class ResultCacheTest : public ::testing::Test {
 protected:
  static ResultCache::Call call(const std::string& arguments, const std::string& tool = "t",
                                const std::string& tenant = "a") {
    return {.tenant = tenant, .tool = tool, .arguments = arguments};
  }
  static ToolResult saying(const std::string& text) { return {.output = text}; }
  static ResultCache cache(ResultCache::Bounds bounds = {}) {
    ResultCache made(bounds);
    made.set_times({{"t", seconds(10)}});
    return made;
  }

  ResultCache::Clock::time_point now_ = ResultCache::Clock::now();
};

TEST_F(ResultCacheTest, ACallThatWasMadeIsAnsweredAgainForAWhile) {
  ResultCache kept = cache();
  EXPECT_FALSE(kept.find(call("x"), now_));
  kept.keep(call("x"), saying("one"), now_);
  const auto found = kept.find(call("x"), now_ + seconds(9));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, "one");
  EXPECT_EQ(found->metadata["cached"], true);
  EXPECT_EQ(found->cache, CacheUse::kHit);
  EXPECT_FALSE(kept.find(call("x"), now_ + seconds(10)));
  EXPECT_EQ(kept.size(), 0U);
}

TEST_F(ResultCacheTest, OthersArgumentsToolsAndTenantsAreOthers) {
  ResultCache kept = cache();
  kept.set_times({{"t", seconds(10)}, {"u", seconds(10)}});
  kept.keep(call("x"), saying("one"), now_);
  EXPECT_FALSE(kept.find(call("y"), now_));
  EXPECT_FALSE(kept.find(call("x", "u"), now_));
  EXPECT_FALSE(kept.find(call("x", "t", "b"), now_));
  EXPECT_TRUE(kept.find(call("x"), now_));
}

TEST_F(ResultCacheTest, FailuresAndToolsWithoutATimeAreNotKept) {
  ResultCache kept = cache();
  kept.keep(call("x"), failed(Verdict::kFailed, "no"), now_);
  kept.keep(call("x"), failed(Verdict::kTimeout, "late"), now_);
  kept.keep(call("x", "u"), saying("one"), now_);
  EXPECT_EQ(kept.size(), 0U);
}

TEST_F(ResultCacheTest, AToolsResultsCanBeForgottenForOneTenant) {
  ResultCache kept = cache();
  kept.set_times({{"t", seconds(10)}, {"u", seconds(10)}});
  kept.keep(call("x"), saying("one"), now_);
  kept.keep(call("y"), saying("two"), now_);
  kept.keep(call("x", "u"), saying("three"), now_);
  kept.keep(call("x", "t", "b"), saying("four"), now_);
  EXPECT_EQ(kept.forget("a", "t"), 2U);
  EXPECT_EQ(kept.forget("a", "t"), 0U);
  EXPECT_FALSE(kept.find(call("x"), now_));
  EXPECT_TRUE(kept.find(call("x", "u"), now_));
  EXPECT_TRUE(kept.find(call("x", "t", "b"), now_));
}

TEST_F(ResultCacheTest, TheLeastRecentlyUsedGoes) {
  ResultCache kept = cache({.results = 2});
  kept.keep(call("x"), saying("one"), now_);
  kept.keep(call("y"), saying("two"), now_);
  EXPECT_TRUE(kept.find(call("x"), now_));
  kept.keep(call("z"), saying("three"), now_);
  EXPECT_FALSE(kept.find(call("y"), now_));
  EXPECT_TRUE(kept.find(call("x"), now_));
  EXPECT_TRUE(kept.find(call("z"), now_));
}

TEST_F(ResultCacheTest, BytesAreBounded) {
  ResultCache kept = cache({.all = bytes(3500), .one = kib(2)});
  kept.keep(call("large"), saying(std::string(3000, 'x')), now_);
  EXPECT_EQ(kept.size(), 0U);
  for (int i = 0; i < 10; ++i) {
    kept.keep(call(std::to_string(i)), saying(std::string(1000, 'x')), now_);
  }
  EXPECT_EQ(kept.size(), 3U);
  // What is kept anew takes the place of the old.
  for (int i = 0; i < 10; ++i) kept.keep(call("9"), saying(std::string(1000, 'y')), now_);
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept.find(call("9"), now_)->output, std::string(1000, 'y'));
}

}  // namespace
}  // namespace skerry::tool
