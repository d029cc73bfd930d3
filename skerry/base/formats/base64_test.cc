// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/base64.h"

#include <gtest/gtest.h>

namespace skerry {
namespace {

TEST(Base64Test, DecodesWhatTheStandardShows) {
  // RFC 4648, section 10.
  EXPECT_EQ(decode_base64("").value(), "");
  EXPECT_EQ(decode_base64("Zg==").value(), "f");
  EXPECT_EQ(decode_base64("Zm8=").value(), "fo");
  EXPECT_EQ(decode_base64("Zm9v").value(), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg==").value(), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmE=").value(), "fooba");
  EXPECT_EQ(decode_base64("Zm9vYmFy").value(), "foobar");
  EXPECT_EQ(decode_base64("AGFzbQEAAAD/+w==").value(), std::string("\0asm\1\0\0\0\xFF\xFB", 10));
}

TEST(Base64Test, RefusesEverythingElse) {
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zm9", "Zm9v=", "====", "=", "Zm9v\n", " Zm9v", "Zm 9", "Zm9-", "Zm9_",
        "Zm9v Zm9vYmF", "Zg==Zg==", "Z===", "Zg..", "Zm9.", "!@#$", "\xC3\xA9\xC3\xA9"}) {
    EXPECT_EQ(decode_base64(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(decode_base64(std::string_view("Zm\0v", 4)).ok());
}

TEST(Base64Test, KnowsTheSizeBeforehand) {
  EXPECT_EQ(base64_size(""), 0U);
  EXPECT_EQ(base64_size("Zg=="), 1U);
  EXPECT_EQ(base64_size("Zm8="), 2U);
  EXPECT_EQ(base64_size("Zm9v"), 3U);
  EXPECT_EQ(base64_size("=="), 0U);
}

}  // namespace
}  // namespace skerry
