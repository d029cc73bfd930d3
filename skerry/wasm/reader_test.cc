// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using ::testing::HasSubstr;
using namespace testing;

std::string failure(const Bytes& bytes, StatusCode code = StatusCode::kInvalidArgument) {
  const auto module = read_module(view(bytes), {});
  EXPECT_EQ(module.status().code(), code) << module.status();
  return std::string(message_of(module.status()));
}

/// What goes wrong in a module with one function type and the sections.
std::string failure_with(std::initializer_list<Bytes> sections,
                         StatusCode code = StatusCode::kInvalidArgument) {
  return failure(join({module({section(1, {1, 0x60, 0, 0})}), join(sections)}), code);
}

TEST(ReaderTest, DescribesEverySection) {
  const Bytes bytes = full_module();
  const auto read = read_module(view(bytes), {});
  ASSERT_TRUE(read.ok()) << read.status();
  const Module& m = *read;
  ASSERT_EQ(m.types.size(), 5u);
  EXPECT_EQ(to_string(m.types[1].function), "(i32 i64) -> (i32)");
  EXPECT_EQ(m.types[3].kind, TypeEntry::Kind::kStruct);
  EXPECT_EQ(m.types[4].kind, TypeEntry::Kind::kArray);
  ASSERT_EQ(m.imports.size(), 2u);
  EXPECT_EQ(m.imports[0].module, "host");
  EXPECT_EQ(m.imports[1].name, "limit");
  EXPECT_EQ(m.imported.functions, 1u);
  EXPECT_EQ(m.imported.globals, 1u);
  EXPECT_EQ(m.functions, (std::vector<std::uint32_t>{1, 0, 0}));
  ASSERT_EQ(m.tables.size(), 2u);
  EXPECT_EQ(m.tables[0].minimum, 2u);
  EXPECT_EQ(m.tables[0].maximum, 4u);
  EXPECT_TRUE(m.tables[1].has_initializer);
  ASSERT_EQ(m.memories.size(), 1u);
  EXPECT_EQ(m.memories[0].maximum_pages, 16u);
  ASSERT_EQ(m.globals.size(), 5u);
  EXPECT_EQ(m.globals[1].initializer.value, 1024u);
  EXPECT_TRUE(m.globals[2].is_mutable);
  EXPECT_EQ(m.globals[3].initializer.value, ~std::uint64_t{0});
  EXPECT_EQ(m.globals[4].type, kExternRef);
  EXPECT_EQ(m.tags.size(), 1u);
  EXPECT_EQ(m.start, 1u);
  EXPECT_EQ(m.data_count, 3u);
  EXPECT_EQ(m.bodies.size(), 2u);
}

TEST(ReaderTest, DescribesSegmentsAndCustomSections) {
  const Bytes bytes = full_module();
  const auto read = read_module(view(bytes), {});
  ASSERT_TRUE(read.ok()) << read.status();
  const Module& m = *read;
  ASSERT_EQ(m.elements.size(), 3u);
  EXPECT_EQ(m.elements[0].count, 2u);
  EXPECT_EQ(m.elements[1].mode, SegmentMode::kPassive);
  EXPECT_EQ(m.elements[2].mode, SegmentMode::kDeclared);
  ASSERT_EQ(m.data.size(), 3u);
  EXPECT_EQ(m.data[0].offset.value, 8u);
  EXPECT_EQ(as_text(m.data[0].bytes), "hello");
  EXPECT_EQ(m.data[1].mode, SegmentMode::kPassive);
  EXPECT_EQ(m.data[2].offset.value, std::nullopt);
  EXPECT_EQ(m.data[2].offset.code.size(), 3u);
  EXPECT_EQ(m.sections.back().custom_name, "producers");
  ASSERT_NE(m.find_export("state"), nullptr);
  EXPECT_EQ(m.find_export("state")->index, 2u);
  EXPECT_EQ(m.find_export("nothing"), nullptr);
}

TEST(ReaderTest, EmptyCommandHas36Bytes) {
  EXPECT_EQ(empty_command().size(), 36u);
  EXPECT_TRUE(read_module(view(empty_command()), {}).ok());
}

TEST(ReaderTest, OtherBytesAreNoModule) {
  EXPECT_EQ(failure({0x7F, 'E', 'L', 'F', 2}),
            "Invalid WASM module format: expected 00 61 73 6d, found 7f 45 4c 46");
  EXPECT_EQ(failure({}), "Invalid WASM module format: expected 00 61 73 6d, found nothing");
  EXPECT_EQ(failure({0, 'a'}), "Invalid WASM module format: expected 00 61 73 6d, found 00 61");
}

TEST(ReaderTest, OtherVersionsHaveTheirOwnMessages) {
  EXPECT_EQ(failure({0, 'a', 's', 'm', 2, 0, 0, 0}),
            "malformed WASM module: version 2, expected 1");
  EXPECT_EQ(failure({0, 'a', 's', 'm', 1}),
            "malformed WASM module: no version after the magic number");
  EXPECT_EQ(
      failure({0, 'a', 's', 'm', 0x0D, 0, 1, 0}, StatusCode::kUnimplemented),
      "WASM components are not supported: expected a core module, version 1, found a component");
}

TEST(ReaderTest, SectionsComeOnceAndInOrder) {
  EXPECT_EQ(failure_with({section(1, {0})}), "malformed WASM module: second type section");
  EXPECT_EQ(failure_with({section(6, {0}), section(13, {0})}),
            "malformed WASM module: tag section after the global section");
  EXPECT_EQ(failure_with({section(10, {0}), custom("x", {}), section(12, {0})}),
            "malformed WASM module: data count section after the code section");
  EXPECT_EQ(failure_with({section(14, {0})}),
            "malformed WASM module: unknown section 14 at offset 14");
}

TEST(ReaderTest, SectionSizesMustFit) {
  EXPECT_THAT(failure_with({section(3, {0, 0})}),
              HasSubstr("function section: bytes left over at offset"));
  EXPECT_THAT(failure_with({{3, 9, 0}}), HasSubstr("unexpected end: 9 bytes announced, 1 left"));
  EXPECT_THAT(failure_with({section(3, {2, 0})}),
              HasSubstr("function section: count of 2 with only 1 bytes left"));
}

TEST(ReaderTest, CountsMustAgree) {
  EXPECT_EQ(failure_with({section(3, {1, 0})}),
            "malformed WASM module: 1 functions declared, 0 bodies found");
  EXPECT_EQ(failure_with({section(10, vec({body({})}))}),
            "malformed WASM module: 0 functions declared, 1 bodies found");
  EXPECT_EQ(failure_with({section(12, {2})}),
            "malformed WASM module: 2 data segments announced, 0 found");
}

TEST(ReaderTest, IndicesMustBeInRange) {
  EXPECT_THAT(failure_with({section(3, {1, 7})}),
              HasSubstr("type index 7 out of range, there are 1, at offset"));
  EXPECT_THAT(failure_with({section(7, vec({exported("m", 2, 0)}))}),
              HasSubstr("memory index 0 out of range, there are 0"));
  EXPECT_THAT(failure_with({section(8, {0})}), HasSubstr("start function index 0 out of range"));
  EXPECT_THAT(failure_with({section(9, vec({join({{0}, i32_const(0), {0}})}))}),
              HasSubstr("table index 0 out of range"));
  EXPECT_THAT(failure_with({section(9, vec({{1, 0, 1, 5}}))}),
              HasSubstr("function index 5 out of range"));
  EXPECT_THAT(failure_with({section(11, vec({join({{0}, i32_const(0), {0}})}))}),
              HasSubstr("memory index 0 out of range"));
  EXPECT_THAT(failure(module({section(1, {1, 0x5E, 0x7F, 0}), section(3, {1, 0})})),
              HasSubstr("type 0 is not a function type"));
  EXPECT_THAT(failure(module({section(1, {1, 0x50, 1, 0, 0x60, 0, 0})})),
              HasSubstr("supertype index 0 out of range"));
}

TEST(ReaderTest, StartFunctionTakesAndGivesNothing) {
  EXPECT_THAT(
      failure(module({section(1, {1, 0x60, 1, 0x7F, 0}), section(3, {1, 0}), section(8, {0})})),
      HasSubstr("start function has type (i32) -> (), expected () -> ()"));
}

TEST(ReaderTest, UnknownCodesAreNamed) {
  EXPECT_THAT(failure(module({section(1, {1, 0x61, 0})})), HasSubstr("unknown form of type 0x61"));
  EXPECT_THAT(failure(module({section(1, {1, 0x60, 1, 0x30, 0})})),
              HasSubstr("unknown value type 0x30"));
  EXPECT_THAT(failure(module({section(1, {1, 0x60, 1, 0x63, 0x40, 0})})),
              HasSubstr("unknown heap type 0x40"));
  EXPECT_THAT(failure_with({section(2, vec({{0, 0, 9, 0}}))}),
              HasSubstr("unknown kind of import or export 0x09"));
  EXPECT_THAT(failure_with({section(5, {1, 16, 0})}), HasSubstr("unknown flags 0x10 of a memory"));
  EXPECT_THAT(failure_with({section(4, {1, 0x70, 8, 0})}),
              HasSubstr("unknown flags 0x08 of a table"));
  EXPECT_THAT(failure_with({section(4, {1, 0x40, 1, 0x70, 0, 0})}),
              HasSubstr("unknown table encoding"));
  EXPECT_THAT(failure_with({section(6, {1, 0x7F, 2, 0x0B})}),
              HasSubstr("unknown flags 0x02 of a global"));
  EXPECT_THAT(failure_with({section(13, {1, 1, 0})}), HasSubstr("unknown tag attribute"));
  EXPECT_THAT(failure_with({section(9, {1, 8, 0})}),
              HasSubstr("unknown flags 8 of an element segment"));
  EXPECT_THAT(failure_with({section(9, {1, 1, 1, 0})}),
              HasSubstr("unknown kind of element segment"));
  EXPECT_THAT(failure_with({section(11, {1, 3, 0})}),
              HasSubstr("unknown flags 3 of a data segment"));
  EXPECT_THAT(failure(module({section(1, {1, 0x5E, 0x78, 2})})), HasSubstr("unknown mutability"));
}

TEST(ReaderTest, OtherRulesHaveTheirMessages) {
  EXPECT_THAT(failure_with({section(7, vec({exported("a", 0, 0)}))}),
              HasSubstr("func index 0 out of range"));
  EXPECT_THAT(failure_with({section(5, {1, 0, 1}),
                            section(7, vec({exported("a\n", 2, 0), exported("a\n", 2, 0)}))}),
              HasSubstr("two exports named \"a\\x0a\""));
  EXPECT_THAT(failure_with({section(5, {1, 1, 2, 1})}),
              HasSubstr("memory minimum above its maximum"));
  EXPECT_THAT(failure_with({section(4, {1, 0x70, 1, 2, 1})}),
              HasSubstr("table maximum below its minimum"));
  EXPECT_THAT(failure_with({section(6, {1, 0x7F, 0, 0x01, 0x0B})}),
              HasSubstr("instruction 0x01 in a constant expression"));
  EXPECT_THAT(failure(module({section(1, {1, 0x50, 2, 0, 0, 0x60, 0, 0})})),
              HasSubstr("several supertypes"));
  EXPECT_THAT(failure_with({custom("\xFF", {})}), HasSubstr("custom section: name is not UTF-8"));
}

TEST(ReaderTest, UnsupportedMemoriesAndTablesAreNamed) {
  constexpr auto kCode = StatusCode::kUnimplemented;
  EXPECT_EQ(failure_with({section(5, {1, 4, 0})}, kCode),
            "WASM module needs a 64-bit memory, which is not supported");
  EXPECT_EQ(failure_with({section(5, {1, 3, 0, 1})}, kCode),
            "WASM module needs a shared memory, which is not supported");
  EXPECT_EQ(failure_with({section(5, {1, 8, 0, 0})}, kCode),
            "WASM module needs a memory with its own page size, which is not supported");
  EXPECT_EQ(failure_with({section(4, {1, 0x70, 4, 0})}, kCode),
            "WASM module needs a 64-bit table, which is not supported");
}

}  // namespace
}  // namespace skerry::wasm
