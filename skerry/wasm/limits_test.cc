// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/command.h"
#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using namespace testing;

std::string limit_refusal(const Bytes& bytes, const ModuleLimits& limits = {}) {
  const Status status = check_command(view(bytes), limits, {});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  return std::string(message_of(status));
}

/// Whether no more is wrong with it than that it is no command.
bool is_read(const Bytes& bytes, const ModuleLimits& limits = {}) {
  return message_of(check_command(view(bytes), limits, {})) ==
         "WASM module has no _start entry point";
}

Bytes type_and(std::initializer_list<Bytes> sections) {
  return join({module({section(1, {1, 0x60, 0, 0})}), join(sections)});
}

TEST(LimitsTest, ModuleSizeComesBeforeEverything) {
  const Bytes big(mib(51).value, 'x');
  EXPECT_EQ(limit_refusal(big), "WASM module too large: 53477376 bytes, limit 52428800 bytes");
}

TEST(LimitsTest, MemoryMinimaAreHeldTogether) {
  EXPECT_EQ(limit_refusal(module({section(5, join({{1, 0}, leb(4097)}))})),
            "WASM module declares memory larger than allowed (limit=268435456 bytes): memory 0 has "
            "a minimum of 268500992 "
            "bytes");
  EXPECT_EQ(limit_refusal(module({section(5, join({{2, 0}, leb(4000), {0}, leb(97)}))})),
            "WASM module declares memory larger than allowed (limit=268435456 bytes): memory 1 has "
            "a minimum of 6356992 bytes, all so far together 268500992 bytes");
  EXPECT_TRUE(is_read(module({section(5, join({{2, 0}, leb(4000), {0}, leb(96)}))})));
  EXPECT_EQ(limit_refusal(module({section(5, join({{1, 1, 1}, leb(65536)}))})),
            "WASM module declares memory larger than allowed (limit=268435456 bytes): memory 0 has "
            "a maximum of 4294967296 "
            "bytes");
  const Bytes growing = module({section(5, join({{1, 1, 1}, leb(65536)}))});
  EXPECT_TRUE(is_read(growing, {.memory_maximum = mib(4096)}));
  const Bytes at_limit = module({section(5, join({{1, 1}, leb(4096), leb(4096)}))});
  EXPECT_TRUE(is_read(at_limit));
  EXPECT_FALSE(is_read(at_limit, {.memory = bytes(mib(256).value - 1)}));
  EXPECT_TRUE(is_read(module({section(5, {1, 0, 1})}))) << "held when it grows";
}

TEST(LimitsTest, ImportedMemoryCountsToo) {
  limit_refusal(
      module({section(2, vec({join({name("env"), name("memory"), {2, 0}, leb(5000)})}))}));
}

TEST(LimitsTest, TableMinimumIsHeld) {
  const Bytes python_3_11 = module({section(4, join({{1, 0x70, 0}, leb(5413)}))});
  const Bytes python_3_12 = module({section(4, join({{1, 0x70, 0}, leb(5903)}))});
  EXPECT_TRUE(is_read(python_3_11));
  EXPECT_TRUE(is_read(python_3_12));
  EXPECT_EQ(limit_refusal(python_3_12, {.table_elements = 1024}),
            "WASM module declares a table larger than allowed (limit=1024 elements): table 0 has a "
            "minimum of 5903 elements");
  EXPECT_FALSE(is_read(module({section(4, join({{1, 0x70, 0}, leb(10001)}))})));
}

TEST(LimitsTest, CountsAreHeld) {
  EXPECT_EQ(limit_refusal(module({section(4, repeat(11, {0x70, 0, 0}))})),
            "WASM module has 11 tables, limit 10");
  EXPECT_EQ(limit_refusal(module({section(5, repeat(5, {0, 0}))})),
            "WASM module has 5 memories, limit 4");
  EXPECT_EQ(limit_refusal(module({section(1, repeat(3, {0x60, 0, 0}))}), {.types = 2}),
            "WASM module has 3 types, limit 2");
  EXPECT_EQ(limit_refusal(type_and({section(3, {3, 0, 0, 0})}), {.functions = 2}),
            "WASM module has 3 functions, limit 2");
  EXPECT_EQ(limit_refusal(type_and({section(2, repeat(3, {0, 0, 0, 0}))}), {.imports = 2}),
            "WASM module has 3 imports, limit 2");
  EXPECT_EQ(limit_refusal(type_and({section(5, {1, 0, 0}),
                                    section(7, vec({exported("a", 2, 0), exported("b", 2, 0)}))}),
                          {.exports = 1}),
            "WASM module has 2 exports, limit 1");
  EXPECT_EQ(limit_refusal(module({section(6, repeat(3, join({{0x7F, 0}, i32_const(0)})))}),
                          {.globals = 2}),
            "WASM module has 3 globals, limit 2");
  EXPECT_EQ(limit_refusal(type_and({section(13, repeat(3, {0, 0}))}), {.tags = 2}),
            "WASM module has 3 tags, limit 2");
  EXPECT_EQ(limit_refusal(module({section(9, repeat(3, {1, 0, 0}))}), {.element_segments = 2}),
            "WASM module has 3 element segments, limit 2");
  EXPECT_EQ(limit_refusal(module({section(11, repeat(3, {1, 0}))}), {.data_segments = 2}),
            "WASM module has 3 data segments, limit 2");
  EXPECT_EQ(limit_refusal(module({section(12, {3})}), {.data_segments = 2}),
            "WASM module has 3 data segments, limit 2");
  EXPECT_EQ(limit_refusal(module({custom("a", {}), custom("b", {})}), {.custom_sections = 1}),
            "WASM module has 2 custom sections, limit 1");
}

TEST(LimitsTest, TypesAreHeld) {
  EXPECT_EQ(limit_refusal(module({section(1, {2, 0x60, 1, 0x7F, 1, 0x7F, 0x60, 1, 0x7F, 0})}),
                          {.parameters_and_results = 2}),
            "WASM module has 3 parameters and results, limit 2");
  const Bytes fields = {2, 0x5F, 2, 0x7F, 0, 0x7F, 0, 0x5F, 1, 0x78, 0};
  EXPECT_TRUE(is_read(module({section(1, fields)}), {.fields = 3}));
  EXPECT_EQ(limit_refusal(module({section(1, fields)}), {.fields = 2}),
            "WASM module has 3 fields, limit 2");
  const Bytes group = join({{0x4E}, repeat(3, {0x60, 0, 0})});
  EXPECT_EQ(limit_refusal(module({section(1, vec({group}))}), {.types = 2}),
            "WASM module has 3 types, limit 2");
}

TEST(LimitsTest, FunctionsAreHeld) {
  const Bytes nops = type_and({section(3, {1, 0}), section(10, vec({body(Bytes(100, 0x01))}))});
  EXPECT_TRUE(is_read(nops));
  EXPECT_EQ(limit_refusal(nops, {.function_body = bytes(64)}),
            "WASM module has 102 bytes of code in function 0, limit 64");
  const Bytes locals =
      sized(join({{2}, leb(2'000'000'000), {0x7F}, leb(2'000'000'000), {0x7F, 0x0B}}));
  EXPECT_EQ(limit_refusal(type_and({section(3, {1, 0}), section(10, vec({locals}))})),
            "WASM module has 4000000000 locals in function 0, limit 50000");
}

TEST(LimitsTest, BundledRuntimesHaveTheirOwn) {
  const ModuleLimits limits = ModuleLimits::bundled_runtime();
  EXPECT_TRUE(is_read(module({section(4, join({{1, 0x70, 1}, leb(47157), leb(47157)}))}), limits));
  EXPECT_TRUE(is_read(module({section(5, join({{1, 1, 1}, leb(65536)}))}), limits));
  EXPECT_GE(limits.module_size, bytes(99'421'513));
  EXPECT_GE(limits.functions, 89'060u + 43u);
}

}  // namespace
}  // namespace skerry::wasm
