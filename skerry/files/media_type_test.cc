// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/media_type.h"

#include <gtest/gtest.h>

namespace skerry::files {
namespace {

TEST(MediaTypeTest, IsToldByTheEnding) {
  EXPECT_EQ(media_type_of("a.csv"), "text/csv");
  EXPECT_EQ(media_type_of("dir.x/A.PNG"), "image/png");
  EXPECT_EQ(media_type_of("a.tar.gz"), "application/gzip");
  for (const char* name :
       {"", "a", ".png", "a.", "a.unknown", "dir.png/a", "a.pn", "a.pngg", "a.\xff"}) {
    EXPECT_EQ(media_type_of(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace skerry::files
