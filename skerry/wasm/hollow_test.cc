// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/hollow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;

HollowModule hollowed(const Bytes& bytes) {
  auto result = hollow(view(bytes), ModuleLimits::bundled_runtime());
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : HollowModule{};
}

/// What `bytes` become, to be compared with what is assembled.
Bytes hollow_bytes(const Bytes& bytes) {
  const HollowModule result = hollowed(bytes);
  const auto text = as_text(result.bytes);
  return {text.begin(), text.end()};
}

Status hollow_status(const Bytes& bytes) {
  return hollow(view(bytes), ModuleLimits::bundled_runtime()).status();
}

/// The payload of the `bytes`' only section of that id; they have sections of up to 127 bytes.
Bytes payload(const Bytes& bytes, std::uint8_t id) {
  for (std::size_t at = 8; at < bytes.size(); at += 2 + bytes[at + 1]) {
    if (bytes[at] == id) return {&bytes[at + 2], &bytes[at + 2] + bytes[at + 1]};
  }
  return {};
}

/// A memory of one page and a segment "x" at that offset.
Bytes with_offset(const Bytes& offset, const Bytes& globals = {0}) {
  return module({section(5, {1, 0, 1}), section(6, globals),
                 section(11, vec({join({{0}, offset, name("x")})}))});
}

TEST(HollowTest, ContentsMoveFromTheModuleToSegments) {
  const Bytes original = full_module({});
  const HollowModule result = hollowed(original);
  ASSERT_EQ(result.segments.size(), 2u);
  EXPECT_EQ(result.segments[0].offset, 8u);
  EXPECT_EQ(as_text(result.segments[0].bytes), "hello");
  EXPECT_EQ(result.segments[1].offset, 1024u) << "global.get of a constant global";
  EXPECT_EQ(as_text(result.segments[1].bytes), "later");
  EXPECT_GE(result.segments[1].bytes.data(), view(original).data()) << "borrowed";
  EXPECT_EQ(payload(hollow_bytes(original), 11), vec({{1, 0}, join({{1}, name("kept")}), {1, 0}}))
      << "indices stay";
}

TEST(HollowTest, SectionGoesWhenNoCodeCanNameItsSegments) {
  EXPECT_EQ(hollow_bytes(with_offset(i32_const(5))),
            module({section(5, join({{1, 1, 1}, leb(65535)})), section(6, {0}),
                    section(7, vec({exported("memory", 2, 0)}))}));
}

TEST(HollowTest, StartMemoryAndMutableGlobalsAreExported) {
  const Bytes original = full_module({});
  EXPECT_THAT(hollowed(original).mutable_globals,
              ElementsAre("skerry.global.2", "skerry.global.3"));
  EXPECT_EQ(payload(hollow_bytes(original), 7),
            vec({exported("run", 0, 1), exported("state", 3, 2), exported("memory", 2, 0),
                 exported("skerry.global.2", 3, 2), exported("skerry.global.3", 3, 3),
                 exported("skerry.start", 0, 1)}));
  EXPECT_EQ(payload(hollow_bytes(original), 8), Bytes{});
}

TEST(HollowTest, AllElseStaysButCustomSectionsOtherThanNames) {
  const Bytes original = full_module({});
  const Bytes result = hollow_bytes(original);
  for (const std::uint8_t id : Bytes{1, 2, 3, 4, 5, 6, 9, 10, 12, 13}) {
    EXPECT_EQ(payload(result, id), payload(original, id)) << int{id};
  }
  EXPECT_EQ(section(0, payload(result, 0)), custom("name", {0, 2, 1, 'm'}));
}

TEST(HollowTest, MemoryMaximumIsCapped) {
  const Bytes capped = join({{1, 1, 1}, leb(65535)});
  EXPECT_EQ(payload(hollow_bytes(module({section(5, {1, 0, 1})})), 5), capped);
  EXPECT_EQ(payload(hollow_bytes(module({section(5, {1, 1, 1, 9})})), 5), (Bytes{1, 1, 1, 9}));
  EXPECT_EQ(payload(hollow_bytes(module({section(5, join({{1, 1, 1}, leb(65536)}))})), 5), capped);
}

TEST(HollowTest, ModuleWithoutMemoryGetsAnEmptyOne) {
  const Bytes result = hollow_bytes(empty_command());
  EXPECT_EQ(payload(result, 5), join({{1, 1, 0}, leb(65535)}));
  EXPECT_EQ(payload(result, 7), vec({exported("_start", 0, 0), exported("memory", 2, 0)}));
}

TEST(HollowTest, WhatIsHollowChangesNoMore) {
  const Bytes once = hollow_bytes(with_offset(i32_const(5)));
  EXPECT_EQ(hollow_bytes(once), once);
}

TEST(HollowTest, EqualBytesGiveEqualBytes) {
  EXPECT_EQ(hollow_bytes(full_module({})), hollow_bytes(full_module({})));
}

TEST(HollowTest, OffsetsAreFolded) {
  const auto offset_of = [](const Bytes& offset, const Bytes& globals = {0}) {
    return hollowed(with_offset(offset, globals)).segments.at(0).offset;
  };
  EXPECT_EQ(offset_of({0x41, 5, 0x41, 6, 0x6A, 0x41, 2, 0x6C, 0x41, 3, 0x6B, 0x0B}), 19u);
  EXPECT_EQ(offset_of({0x41, 0x7F, 0x41, 1, 0x6A, 0x0B}), 0u) << "sums wrap";
  const Bytes globals =
      vec({join({{0x7F, 0}, i32_const(10)}), {0x7F, 0, 0x23, 0, 0x41, 2, 0x6C, 0x0B}});
  EXPECT_EQ(offset_of({0x23, 1, 0x41, 1, 0x6A, 0x0B}, globals), 21u);
}

TEST(HollowTest, OffsetsThatAreNotConstantAreRefused) {
  const Bytes types = section(1, {1, 0x60, 0, 0});
  const Bytes imports = section(2, vec({join({name("env"), name("base"), {3, 0x7F, 0}})}));
  const Status status =
      hollow_status(module({types, imports, section(5, {1, 0, 1}),
                            section(11, vec({join({{0, 0x23, 0, 0x0B}, name("x")})}))}));
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_EQ(message_of(status),
            "WASM module cannot be hollowed: the offset of data segment 0 is not a constant");
  const Bytes globals = vec({join({{0x7F, 1}, i32_const(10)}), {0x7E, 0, 0x42, 0, 0x0B}});
  for (const Bytes& offset :
       {Bytes{0x23, 0, 0x0B}, Bytes{0x23, 1, 0x0B}, Bytes{0x23, 9, 0x0B}, Bytes{0x42, 0, 0x0B},
        Bytes{0x0B}, Bytes{0x6A, 0x0B}, Bytes{0x41, 0, 0x41, 0, 0x0B}}) {
    EXPECT_FALSE(hollow_status(with_offset(offset, globals)).ok())
        << "of another type, or no expression";
  }
}

TEST(HollowTest, StateOutsideTheImageIsRefused) {
  const std::string refused = "WASM module keeps state outside memory and plain globals: ";
  const auto said = [&](const Bytes& code) {
    const Status status = hollow_status(module_with_code(code));
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnimplemented) << status;
    return std::string(message_of(status)).erase(0, status.ok() ? 0 : refused.size());
  };
  EXPECT_EQ(said({0x41, 1, 0x40, 0, 0x1A, 0x25, 0, 0xFC, 16, 0, 0x24, 0}), "");
  EXPECT_EQ(said({0x26, 0}), "table.set");
  EXPECT_EQ(said({0xFC, 15, 0}), "table.grow");
  EXPECT_EQ(said({0xFC, 14, 0, 0}), "table.copy");
  EXPECT_EQ(said({0xFC, 12, 0, 0}), "table.init");
  EXPECT_EQ(said({0xFC, 17, 0}), "table.fill");
  EXPECT_EQ(said({0xFC, 13, 0}), "elem.drop");
  EXPECT_EQ(said({0xD3}), "garbage collection");
  EXPECT_EQ(said({0xFB, 0, 0, 0xFB, 24, 3, 0, 0x6E, 0x70, 0xFB, 28}), "garbage collection");
  EXPECT_EQ(message_of(hollow_status(full_module())), refused + "data.drop, memory.init");
  EXPECT_EQ(message_of(hollow_status(module({section(6, {1, 0x6F, 1, 0xD0, 0x6F, 0x0B})}))),
            refused + "mutable global 0 of type externref");
}

TEST(HollowTest, SegmentsMustLieInTheMinimumMemory) {
  EXPECT_TRUE(hollow_status(with_offset(i32_const(65535))).ok());
  const Status status = hollow_status(with_offset(i32_const(65536)));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(status),
            "WASM module cannot be hollowed: data segment 0 ends at byte 65537, outside the "
            "minimum memory of 65536 bytes");
  EXPECT_THAT(std::string(message_of(hollow_status(with_offset(i32_const(-1))))),
              HasSubstr("ends at byte 4294967296"));
}

TEST(HollowTest, StateOfOthersIsRefused) {
  EXPECT_EQ(message_of(hollow_status(module({section(5, {2, 0, 1, 0, 1})}))),
            "WASM module cannot be hollowed: 2 memories, expected one");
  EXPECT_EQ(message_of(hollow_status(
                module({section(2, vec({join({name("env"), name("memory"), {2, 0, 1}})}))}))),
            "WASM module cannot be hollowed: imported memory \"env\".\"memory\"");
  EXPECT_EQ(message_of(hollow_status(
                module({section(2, vec({join({name("env"), name("g"), {3, 0x7F, 1}})}))}))),
            "WASM module cannot be hollowed: imported mutable global \"env\".\"g\"");
}

TEST(HollowTest, OurNamesAreReserved) {
  const auto exporting = [](std::string_view title, std::uint8_t kind) {
    return module({section(5, {1, 0, 1}), section(6, vec({join({{0x7F, 1}, i32_const(0)})})),
                   section(7, vec({exported(title, kind, 0)}))});
  };
  EXPECT_EQ(
      message_of(hollow_status(exporting("skerry.global.0", 3))),
      "WASM module cannot be hollowed: export \"skerry.global.0\" takes a name that is reserved");
  EXPECT_EQ(message_of(hollow_status(exporting("memory", 3))),
            "WASM module cannot be hollowed: export \"memory\" is a global, expected a memory");
  EXPECT_TRUE(hollow_status(exporting("memory", 2)).ok());
}

TEST(HollowTest, MemoryOfFourGibibytesIsRefused) {
  const Status status = hollow_status(module({section(5, join({{1, 0}, leb(65536)}))}));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(message_of(status),
            "WASM module cannot be hollowed: a memory of at least 65536 pages, limit 65535");
}

}  // namespace
}  // namespace skerry::wasm
