// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/code_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/reader.h"
#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using ::testing::HasSubstr;
using namespace testing;

Result<CodeScan> scan(const Bytes& code) {
  const Bytes bytes = module_with_code(code);
  SKERRY_ASSIGN(const Module module, read_module(view(bytes), {}));
  return scan_code(module);
}

/// The features of `code`, or why it cannot be walked.
std::string found(const Bytes& code) {
  const auto result = scan(code);
  return result.ok() ? to_string(result->features) : std::string(message_of(result.status()));
}

TEST(CodeScanTest, WalksImmediatesOfEveryKind) {
  const auto result = scan({
      0x02, 0x40, 0x03, 0x7F, 0x04, 0x05, 0x05, 0x0B, 0x0B, 0x0B,  // block, loop, if with types,
                                                                   // else, ends
      0x0E, 0x02, 0x00, 0x01, 0x00,                                // br_table
      0x11, 0x00, 0x00,                                            // call_indirect
      0x1C, 0x01, 0x63, 0x70,                                      // select (ref null func)
      0x28, 0x02, 0x80, 0x01,                                      // i32.load
      0x3F, 0x00,                                                  // memory.size
      0x41, 0x7F, 0x42, 0x80, 0x7F,                                // constants
      0x43, 0, 0, 0, 0x0B, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x0B,        //
      0xC4, 0xD0, 0x70, 0xD1, 0xD2, 0x00,  // extend, ref.null, ref.is_null, ref.func
      0xFC, 0x07, 0xFC, 0x0A, 0x00, 0x00, 0xFC, 0x0B, 0x00,  // saturating, memory.copy, memory.fill
  });
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->instructions, 24u);
  EXPECT_TRUE(result->features.is_empty()) << to_string(result->features);
}

TEST(CodeScanTest, FindsStateOutsideMemory) {
  EXPECT_EQ(found({0x26, 0}), "table.set");
  EXPECT_EQ(found({0xFC, 15, 0}), "table.grow");
  EXPECT_EQ(found({0xFC, 14, 0, 0}), "table.copy");
  EXPECT_EQ(found({0xFC, 12, 0, 0}), "table.init");
  EXPECT_EQ(found({0xFC, 17, 0}), "table.fill");
  EXPECT_EQ(found({0xFC, 13, 0}), "elem.drop");
  EXPECT_EQ(found({0xFC, 9, 0}), "data.drop");
  EXPECT_EQ(found({0xFC, 8, 0, 0}), "memory.init");
  EXPECT_EQ(found({0x25, 0, 0xFC, 16, 0}), "") << "reading a table is harmless";
}

TEST(CodeScanTest, FindsOtherFeatures) {
  EXPECT_EQ(found({0x40, 0}), "memory.grow");
  EXPECT_EQ(found({0xFE, 0x00, 2, 0, 0xFE, 0x03, 0, 0xFE, 0x4E, 2, 0}), "atomics");
  EXPECT_EQ(found({0xFD, 0x0C, 0,  1,    2,    3, 4, 5, 6,    7,    8, 9,    10,   11,  12,
                   13,   14,   15, 0xFD, 0x54, 0, 0, 3, 0xFD, 0x15, 1, 0xFD, 0xFF, 0x01}),
            "simd");
  EXPECT_EQ(found({0xFD, 0x93, 0x02}), "relaxed simd");
  EXPECT_EQ(found({0x12, 0, 0x13, 0, 0}), "tail call");
  EXPECT_EQ(found({0x15, 0}), "tail call, function references");
  EXPECT_EQ(found({0x1F, 0x40, 2, 0, 0, 0, 3, 0, 0x0A, 0x0B}), "exceptions");
  EXPECT_EQ(found({0x06, 0x40, 0x07, 0, 0x19, 0x0B, 0x06, 0x40, 0x18, 0}), "legacy exceptions");
  EXPECT_EQ(found({0x14, 0, 0xD4, 0xD5, 0, 0xD6, 0}), "function references");
  EXPECT_EQ(found({0xFB, 0, 0, 0xFB, 24, 3, 0, 0x6E, 0x70, 0xFB, 20, 0x6B, 0xFB, 28}),
            "garbage collection");
  EXPECT_EQ(found({0xFC, 19, 0xFC, 22}), "wide arithmetic");
  EXPECT_EQ(found({0x28, 0x42, 1, 0, 0x3F, 1}), "several memories");
  EXPECT_EQ(found({0x28, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), "")
      << "a 64-bit offset";
}

TEST(CodeScanTest, UnknownInstructionsAreNamedWithTheirPlace) {
  EXPECT_EQ(found({0x01, 0x27}),
            "malformed WASM module: function 0: unknown instruction 0x27 at offset 24");
  for (const Bytes& code : {Bytes{0xFB, 31}, Bytes{0xFC, 18}, Bytes{0xFC, 23},
                            Bytes{0xFD, 0x9A, 0x01}, Bytes{0xFD, 0x94, 0x02}, Bytes{0xFE, 0x04},
                            Bytes{0xFE, 0x4F, 0, 0}, Bytes{0xE0, 0}, Bytes{0xFF}, Bytes{0x16}}) {
    EXPECT_THAT(found(code), HasSubstr("unknown instruction"));
  }
  EXPECT_THAT(found({0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}),
              HasSubstr("unknown instruction 0xfc 65535"));
}

TEST(CodeScanTest, MalformedImmediatesAreRefused) {
  EXPECT_THAT(found({0x28, 0x80, 0x01, 0}), HasSubstr("alignment too large"));
  EXPECT_THAT(found({0x02, 0x30}), HasSubstr("function 0: "));
  EXPECT_THAT(found({0x02, 0x80, 0x7F}), HasSubstr("unknown block type"));
  EXPECT_THAT(found({0x1F, 0x40, 1, 4, 0}), HasSubstr("unknown kind of catch"));
  EXPECT_THAT(found({0xFB, 24, 4, 0, 0x70, 0x70}), HasSubstr("unknown cast flags"));
  EXPECT_THAT(found({0xFE, 3, 1}), HasSubstr("fence with flags"));
  EXPECT_THAT(found({0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0}), HasSubstr("count of 4294967295"));
  EXPECT_THAT(found({0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), HasSubstr("number too"));
}

TEST(CodeScanTest, BlocksMustCloseWhereTheFunctionEnds) {
  EXPECT_THAT(found({0x02, 0x40}), HasSubstr("unexpected end"));
  EXPECT_THAT(found({0x0B, 0x01}), HasSubstr("code after the function's end"));
  EXPECT_THAT(found({0x18, 0}), HasSubstr("delegate outside a try"));
}

TEST(CodeScanTest, AMillionNestedBlocksAreJustCounted) {
  constexpr std::size_t kDepth = 600'000;
  Bytes code;
  for (std::size_t i = 0; i < kDepth; ++i) code.insert(code.end(), {0x02, 0x40});
  code.insert(code.end(), kDepth, 0x0B);
  const auto result = scan(code);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->instructions, 2 * kDepth + 1);
}

}  // namespace
}  // namespace skerry::wasm
