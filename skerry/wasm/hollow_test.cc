// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/hollow.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/code_scan.h"
#include "skerry/wasm/reader.h"
#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using ::testing::HasSubstr;
using namespace testing;

/// A module, what it became, and that read again.
struct Round {
  Bytes original;
  Module module;
  HollowModule hollow;
  Module read;
};

std::unique_ptr<Round> round_trip(const Bytes& original, NameSection names = NameSection::kDrop) {
  auto round = std::make_unique<Round>();
  round->original = original;
  const ModuleLimits limits = ModuleLimits::bundled_runtime();
  round->module = read_module(view(round->original), limits).value();
  round->hollow = hollow(round->module, names).value();
  round->read = read_module(round->hollow.bytes, limits).value();
  EXPECT_EQ(scan_code(round->module)->features, scan_code(round->read)->features);
  return round;
}

Status refusal(const Bytes& bytes) {
  const auto module = read_module(view(bytes), ModuleLimits::bundled_runtime());
  EXPECT_TRUE(module.ok()) << module.status();
  return hollow(*module).status();
}

/// A memory of one page and a segment "x" at that offset.
Bytes with_offset(const Bytes& offset, const Bytes& globals = {0}) {
  return module({section(5, {1, 0, 1}), section(6, globals),
                 section(11, vec({join({{0}, offset, name("x")})}))});
}

TEST(HollowTest, ContentsMoveFromTheModuleToSegments) {
  const auto round = round_trip(full_module());
  ASSERT_EQ(round->hollow.segments.size(), 2u);
  EXPECT_EQ(round->hollow.segments[0].offset, 8u);
  EXPECT_EQ(as_text(round->hollow.segments[0].bytes), "hello");
  EXPECT_EQ(round->hollow.segments[1].offset, 1024u) << "global.get of a constant global";
  EXPECT_EQ(as_text(round->hollow.segments[1].bytes), "later");
  EXPECT_EQ(round->hollow.minimum_pages, 1u);
  EXPECT_FALSE(round->read.start.has_value());
}

TEST(HollowTest, SegmentIndicesStay) {
  const auto round = round_trip(full_module());
  ASSERT_EQ(round->read.data.size(), 3u);
  EXPECT_EQ(round->read.data_count, 3u);
  for (const DataSegment& each : round->read.data) EXPECT_EQ(each.mode, SegmentMode::kPassive);
  EXPECT_TRUE(round->read.data[0].bytes.empty());
  EXPECT_EQ(as_text(round->read.data[1].bytes), "kept");
}

TEST(HollowTest, SectionGoesWhenNoCodeCanNameItsSegments) {
  const auto round = round_trip(with_offset(i32_const(5)));
  EXPECT_TRUE(round->read.data.empty());
  for (const Section& each : round->read.sections) EXPECT_NE(each.id, SectionId::kData);
}

TEST(HollowTest, StartMemoryAndMutableGlobalsAreExported) {
  const auto round = round_trip(full_module());
  EXPECT_EQ(round->hollow.start_export, "skerry.start");
  ASSERT_NE(round->read.find_export("skerry.start"), nullptr);
  EXPECT_EQ(round->read.find_export("skerry.start")->index, 1u);
  ASSERT_NE(round->read.find_export("memory"), nullptr);
  ASSERT_EQ(round->hollow.mutable_globals.size(), 2u);
  EXPECT_EQ(round->hollow.mutable_globals[0].export_name, "skerry.global.2");
  EXPECT_EQ(round->hollow.mutable_globals[0].type, kI32);
  EXPECT_EQ(round->hollow.mutable_globals[1].export_name, "skerry.global.3");
  EXPECT_EQ(round->hollow.mutable_globals[1].type, kI64);
  EXPECT_EQ(round->read.find_export("skerry.global.3")->kind, ExternalKind::kGlobal);
  EXPECT_EQ(round->read.exports.size(), round->module.exports.size() + 4);
  EXPECT_EQ(round->read.find_export("state")->index, 2u) << "existing exports stay";
}

TEST(HollowTest, EverythingElseStays) {
  const auto round = round_trip(full_module());
  EXPECT_EQ(round->read.imports.size(), round->module.imports.size());
  EXPECT_EQ(round->read.functions, round->module.functions);
  EXPECT_EQ(round->read.tables.size(), round->module.tables.size());
  EXPECT_EQ(round->read.elements.size(), round->module.elements.size());
  EXPECT_EQ(round->read.tags, round->module.tags);
  ASSERT_EQ(round->read.bodies.size(), round->module.bodies.size());
  for (std::size_t i = 0; i < round->read.bodies.size(); ++i) {
    EXPECT_EQ(as_text(round->read.bodies[i]), as_text(round->module.bodies[i]));
  }
}

TEST(HollowTest, MemoryMaximumIsCapped) {
  EXPECT_EQ(round_trip(module({section(5, {1, 0, 1})}))->read.memories[0].maximum_pages, 65535u);
  EXPECT_EQ(round_trip(module({section(5, {1, 1, 1, 9})}))->read.memories[0].maximum_pages, 9u);
  EXPECT_EQ(round_trip(module({section(5, join({{1, 1, 1}, leb(65536)}))}))
                ->read.memories[0]
                .maximum_pages,
            65535u);
}

TEST(HollowTest, ModuleWithoutMemoryGetsAnEmptyOne) {
  const auto round = round_trip(empty_command());
  ASSERT_EQ(round->read.memories.size(), 1u);
  EXPECT_EQ(round->read.memories[0].minimum_pages, 0u);
  EXPECT_NE(round->read.find_export("memory"), nullptr);
  EXPECT_NE(round->read.find_export("_start"), nullptr);
  EXPECT_EQ(round->hollow.minimum_pages, 0u);
}

TEST(HollowTest, NameSectionStaysOnlyWhenAsked) {
  const auto without = round_trip(full_module());
  for (const Section& each : without->read.sections) EXPECT_NE(each.id, SectionId::kCustom);
  const auto with = round_trip(full_module(), NameSection::kKeep);
  EXPECT_EQ(with->read.sections.back().custom_name, "name");
}

TEST(HollowTest, EqualBytesGiveEqualBytes) {
  EXPECT_EQ(round_trip(full_module())->hollow.bytes, round_trip(full_module())->hollow.bytes);
}

TEST(HollowTest, OffsetsAreFolded) {
  const auto offset_of = [](const Bytes& offset, const Bytes& globals = {0}) {
    return round_trip(with_offset(offset, globals))->hollow.segments.at(0).offset;
  };
  EXPECT_EQ(offset_of({0x41, 5, 0x41, 6, 0x6A, 0x41, 2, 0x6C, 0x41, 3, 0x6B, 0x0B}), 19u);
  EXPECT_EQ(offset_of({0x41, 0x7F, 0x41, 1, 0x6A, 0x0B}), 0u) << "sums wrap";
  const Bytes globals =
      vec({join({{0x7F, 0}, i32_const(10)}), {0x7F, 0, 0x23, 0, 0x41, 2, 0x6C, 0x0B}});
  EXPECT_EQ(offset_of({0x23, 1, 0x41, 1, 0x6A, 0x0B}, globals), 21u);
}

TEST(HollowTest, OffsetsThatAreNotConstantAreRefused) {
  const Bytes globals =
      vec({join({{0x7F, 1}, i32_const(10)}), {0x7E, 0, 0x42, 0, 0x0B}, {0x7F, 0, 0x23, 2, 0x0B}});
  for (const Bytes& offset :
       {Bytes{0x23, 0, 0x0B}, Bytes{0x23, 1, 0x0B}, Bytes{0x23, 2, 0x0B}, Bytes{0x23, 9, 0x0B},
        Bytes{0x42, 0, 0x0B}, Bytes{0x0B}, Bytes{0x6A, 0x0B}, Bytes{0x41, 0, 0x41, 0, 0x0B}}) {
    const Status status = refusal(with_offset(offset, globals));
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
    EXPECT_EQ(message_of(status),
              "WASM module cannot be hollowed: the offset of data segment 0 is not a constant");
  }
}

TEST(HollowTest, SegmentsMustLieInTheMinimumMemory) {
  EXPECT_TRUE(refusal(with_offset(i32_const(65535))).ok());
  const Status status = refusal(with_offset(i32_const(65536)));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(status),
            "WASM module cannot be hollowed: data segment 0 ends at byte 65537, outside the "
            "minimum memory of 65536 bytes");
  EXPECT_THAT(std::string(message_of(refusal(with_offset(i32_const(-1))))),
              HasSubstr("ends at byte 4294967296"));
}

TEST(HollowTest, StateOfOthersIsRefused) {
  EXPECT_EQ(message_of(refusal(module({section(5, {2, 0, 1, 0, 1})}))),
            "WASM module cannot be hollowed: 2 memories, expected one");
  EXPECT_EQ(message_of(refusal(
                module({section(2, vec({join({name("env"), name("memory"), {2, 0, 1}})}))}))),
            "WASM module cannot be hollowed: imported memory \"env\".\"memory\"");
  EXPECT_EQ(message_of(
                refusal(module({section(2, vec({join({name("env"), name("g"), {3, 0x7F, 1}})}))}))),
            "WASM module cannot be hollowed: imported mutable global \"env\".\"g\"");
}

TEST(HollowTest, OurNamesAreReserved) {
  const auto exporting = [](std::string_view title, std::uint8_t kind) {
    return module({section(5, {1, 0, 1}), section(6, vec({join({{0x7F, 1}, i32_const(0)})})),
                   section(7, vec({exported(title, kind, 0)}))});
  };
  EXPECT_EQ(
      message_of(refusal(exporting("skerry.global.0", 3))),
      "WASM module cannot be hollowed: export \"skerry.global.0\" takes a name that is reserved");
  EXPECT_EQ(message_of(refusal(exporting("memory", 3))),
            "WASM module cannot be hollowed: export \"memory\" is a global, expected a memory");
  EXPECT_TRUE(refusal(exporting("memory", 2)).ok());
}

TEST(HollowTest, MemoryOfFourGibibytesIsRefused) {
  const Status status = refusal(module({section(5, join({{1, 0}, leb(65536)}))}));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(message_of(status),
            "WASM module cannot be hollowed: a memory of at least 65536 pages, limit 65535");
}

}  // namespace
}  // namespace skerry::wasm
