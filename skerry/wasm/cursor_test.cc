// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/utf8.h"
#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using testing::Bytes;
using ::testing::HasSubstr;
using testing::view;

TEST(CursorTest, ReadsUnsignedNumbersUpToTheirWidth) {
  const Bytes bytes = {0xE5, 0x8E, 0x26, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x80, 0x00};
  Cursor in(view(bytes));
  EXPECT_EQ(in.u32(), 624485u);
  EXPECT_EQ(in.u32(), 0xFFFFFFFFu);
  EXPECT_EQ(in.u32(), 0u) << "padding within the width is allowed";
  EXPECT_TRUE(in.ok() && in.at_end());
  const Bytes wide = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  EXPECT_EQ(Cursor(view(wide)).u64(), ~std::uint64_t{0});
}

TEST(CursorTest, ReadsSignedNumbersUpToTheirWidth) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{64}, std::int64_t{-64},
        std::int64_t{-65}, std::int64_t{INT32_MAX}, std::int64_t{INT32_MIN}}) {
    const Bytes bytes = testing::signed_leb(value);
    EXPECT_EQ(Cursor(view(bytes)).s32(), value);
    EXPECT_EQ(Cursor(view(bytes)).s33(), value);
  }
  for (const std::int64_t value : {INT64_MAX, INT64_MIN, std::int64_t{-2}}) {
    EXPECT_EQ(Cursor(view(testing::signed_leb(value))).s64(), value);
  }
}

TEST(CursorTest, RefusesNumbersTooLargeOrTooLong) {
  const auto failure = [](const Bytes& bytes, auto read) {
    Cursor in(view(bytes));
    read(in);
    return std::string(message_of(in.status()));
  };
  const auto u32 = [](Cursor& in) { in.u32(); };
  const auto s32 = [](Cursor& in) { in.s32(); };
  const auto u64 = [](Cursor& in) { in.u64(); };
  const auto s64 = [](Cursor& in) { in.s64(); };
  EXPECT_EQ(failure({0xFF, 0xFF, 0xFF, 0xFF, 0x1F}, u32), "number too large at offset 0");
  EXPECT_EQ(failure({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, u32), "number too long at offset 0");
  EXPECT_EQ(failure({0xFF, 0xFF, 0xFF, 0xFF, 0x4F}, s32), "number too large at offset 0");
  EXPECT_EQ(failure({0x80, 0x80, 0x80, 0x80, 0x08}, s32), "number too large at offset 0");
  EXPECT_EQ(failure({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}, s32), "number too long at offset 0");
  EXPECT_EQ(failure(Bytes(10, 0xFF), u64), "number too large at offset 0");
  EXPECT_EQ(failure(Bytes(1000, 0x80), u64), "number too long at offset 0");
  EXPECT_EQ(failure({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, s64),
            "number too large at offset 0");
  EXPECT_EQ(failure(Bytes(1000, 0x80), s64), "number too long at offset 0");
  EXPECT_EQ(failure({0x80}, u32), "unexpected end at offset 1");
}

TEST(CursorTest, FirstFailureStaysAndEndsTheInput) {
  const Bytes bytes = {5, 1, 2, 3};
  Cursor in(view(bytes), 100);
  EXPECT_TRUE(in.sized_bytes().empty());
  in.fail("later");
  EXPECT_EQ(message_of(in.status()), "unexpected end: 5 bytes announced, 3 left at offset 101");
  EXPECT_EQ(in.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(in.byte(), 0);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_EQ(in.s64(), 0);
  EXPECT_EQ(in.count(), 0u);
  EXPECT_TRUE(in.name().empty());
}

TEST(CursorTest, CountBeyondTheBytesLeftIsRefused) {
  const Bytes huge = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0};
  Cursor in(view(huge));
  EXPECT_EQ(in.count(), 0u);
  EXPECT_EQ(message_of(in.status()), "count of 4294967295 with only 3 bytes left at offset 0");
  const Bytes fits = {2, 0, 0, 0, 0};
  EXPECT_EQ(Cursor(view(fits)).count(2), 2u);
  EXPECT_EQ(Cursor(view(fits)).count(3), 0u);
}

TEST(CursorTest, NamesMustBeUtf8) {
  const Bytes broken = {1, 0xFF};
  Cursor in(view(broken));
  EXPECT_TRUE(in.name().empty());
  EXPECT_EQ(message_of(in.status()), "name is not UTF-8 at offset 0");
}

TEST(CursorTest, NamesHaveALimit) {
  const Bytes bytes = testing::sized(Bytes(Cursor::kMaxNameSize + 1, 'a'));
  Cursor in(view(bytes));
  in.name();
  EXPECT_EQ(message_of(in.status()), "name of 100001 bytes, limit 100000, at offset 0");
}

TEST(CursorTest, QuotedNamesAreEscapedAndCut) {
  EXPECT_EQ(quoted_name("a\"b\\c\n\x7F"), "\"a\\\"b\\\\c\\x0a\\x7f\"");
  EXPECT_EQ(quoted_name(std::string(201, 'x')).size(), 200 + 5u);
  EXPECT_TRUE(is_utf8(quoted_name(std::string(199, 'x') + "\xE2\x82\xAC tail")));
}

}  // namespace
}  // namespace skerry::wasm
