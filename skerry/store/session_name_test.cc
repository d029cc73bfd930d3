// SPDX-License-Identifier: Apache-2.0
#include "skerry/store/session_name.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::store {
namespace {

TEST(SessionNameTest, IsOneWordOfPlainSigns) {
  for (const char* good : {"a", "A-1_b.c", "0", "x.y.z"}) {
    EXPECT_TRUE(SessionName::parse(good).ok()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".a"), std::string("a..b"), std::string("a/b"),
        std::string("../a"), std::string("a b"), std::string("a\0b", 3), std::string("a\n"),
        std::string("ü"), std::string("😀"), std::string(129, 'a'), std::string(10'000, 'a')}) {
    EXPECT_EQ(SessionName::parse(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_TRUE(SessionName::parse(std::string(128, 'a')).ok());
}

}  // namespace
}  // namespace skerry::store
