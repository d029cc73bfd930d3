// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/resources/kept_images.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::mcp {
namespace {

class KeptImagesTest : public ::testing::Test {
 protected:
  std::string keep(const std::string& tenant, std::size_t size) {
    return images_.keep(tenant, "image/png", std::string(size, 'A'));
  }

  KeptImages::Clock::time_point now_{};
  KeptImages images_{{.of_tenant = ByteSize{100},
                      .of_all = ByteSize{150},
                      .time = std::chrono::seconds(10),
                      .now = [this] { return now_; }}};
};

TEST_F(KeptImagesTest, AnImageIsForItsTenantAlone) {
  const std::string id = keep("a", 10);
  ASSERT_NE(images_.find("a", id), nullptr);
  EXPECT_EQ(images_.find("a", id)->type, "image/png");
  EXPECT_EQ(images_.find("a", id)->base64, "AAAAAAAAAA");
  EXPECT_EQ(images_.find("b", id), nullptr);
  EXPECT_EQ(images_.find("a", ""), nullptr);
  EXPECT_NE(keep("a", 10), id);
}

TEST_F(KeptImagesTest, ItGoesWhenItsTimeIsOver) {
  const std::string id = keep("a", 100);
  now_ += std::chrono::seconds(9);
  EXPECT_NE(images_.find("a", id), nullptr);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(images_.find("a", id), nullptr);
  // Its room is free again.
  const std::string first = keep("a", 60);
  const std::string second = keep("a", 40);
  EXPECT_NE(images_.find("a", first), nullptr);
  EXPECT_NE(images_.find("a", second), nullptr);
}

TEST_F(KeptImagesTest, ATenantsOldestMakesRoomForItsNext) {
  const std::string first = keep("a", 60);
  const std::string second = keep("a", 40);
  const std::string third = keep("a", 1);
  EXPECT_EQ(images_.find("a", first), nullptr);
  EXPECT_NE(images_.find("a", second), nullptr);
  EXPECT_NE(images_.find("a", third), nullptr);
  EXPECT_EQ(keep("a", 101), "");
  EXPECT_NE(images_.find("a", second), nullptr);
}

TEST_F(KeptImagesTest, TheTenantWithTheMostMakesRoomForOthers) {
  const std::string large = keep("a", 90);
  const std::string small = keep("b", 60);
  const std::string another = keep("c", 10);
  EXPECT_EQ(images_.find("a", large), nullptr);
  EXPECT_NE(images_.find("b", small), nullptr);
  EXPECT_NE(images_.find("c", another), nullptr);
}

}  // namespace
}  // namespace skerry::mcp
