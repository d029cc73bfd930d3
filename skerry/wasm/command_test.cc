// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace testing;

const std::vector<HostFunction> kOffered = {{"wasi", "exit", "(i32) -> ()"},
                                            {"host", "call", "(i32 i64) -> (i32)"}};

/// Empty for a command.
std::string refusal(const Bytes& bytes, StatusCode code = StatusCode::kInvalidArgument) {
  const Status status = check_command(view(bytes), {}, kOffered);
  EXPECT_TRUE(status.ok() || status.code() == code) << status;
  return std::string(message_of(status));
}

/// What is wrong with a module of one function type and the sections.
std::string refusal_with(std::initializer_list<Bytes> sections,
                         StatusCode code = StatusCode::kInvalidArgument) {
  return refusal(join({module({section(1, {1, 0x60, 0, 0})}), join(sections)}), code);
}

std::string import_refusal(const Bytes& import) {
  return refusal(
      module({section(1, {2, 0x60, 1, 0x7F, 0, 0x60, 0, 0}), section(2, vec({import}))}));
}

/// What is wrong with a command of that code.
std::string code_refusal(const Bytes& code) {
  return refusal(
      module({section(1, {1, 0x60, 0, 0}), section(3, {1, 0}), section(5, {1, 0, 1}),
              section(7, vec({exported("_start", 0, 0)})), section(10, vec({body(code)}))}));
}

TEST(CommandTest, EmptyCommandHas36BytesAndPasses) {
  EXPECT_EQ(empty_command().size(), 36u);
  EXPECT_EQ(refusal(empty_command()), "");
}

TEST(CommandTest, OfferedImportsPass) {
  EXPECT_EQ(import_refusal(join({name("wasi"), name("exit"), {0, 0}})),
            "WASM module has no _start entry point");
}

TEST(CommandTest, UnknownImportIsNamed) {
  EXPECT_EQ(import_refusal(join({name("env"), name("foo"), {0, 0}})),
            "unknown import \"env\".\"foo\" (func)");
  EXPECT_EQ(import_refusal(join({name("wasi"), name("exit"), {2, 0, 1}})),
            "unknown import \"wasi\".\"exit\" (memory)");
  EXPECT_EQ(import_refusal(join({name("exit"), name("wasi"), {3, 0x7F, 0}})),
            "unknown import \"exit\".\"wasi\" (global)");
  EXPECT_EQ(import_refusal(join({name("a\"\\\n"), name(std::string(300, 'b')), {0, 0}})),
            "unknown import \"a\\\"\\\\\\x0a\".\"" + std::string(200, 'b') + "...\" (func)");
}

TEST(CommandTest, EveryUnknownImportIsNamedOnce) {
  const auto importing = [](const std::vector<Bytes>& imports) {
    return refusal(
        module({section(1, {2, 0x60, 1, 0x7F, 0, 0x60, 0, 0}), section(2, vec(imports))}));
  };
  const Bytes foo = join({name("env"), name("foo"), {0, 0}});
  EXPECT_EQ(importing({foo, join({name("wasi"), name("exit"), {0, 0}}),
                       join({name("env"), name("memory"), {2, 0, 1}}), foo}),
            "unknown imports \"env\".\"foo\" (func), \"env\".\"memory\" (memory)");
  // Before those of another type: what is not there at all is the larger fault.
  EXPECT_EQ(importing({join({name("wasi"), name("exit"), {0, 1}}), foo}),
            "unknown import \"env\".\"foo\" (func)");
  std::vector<Bytes> many;
  for (int i = 0; i < 120; ++i)
    many.push_back(join({name("env"), name(std::to_string(i)), {0, 0}}));
  const std::string text = importing(many);
  EXPECT_THAT(text, HasSubstr("\"env\".\"99\" (func) and 20 more"));
}

TEST(CommandTest, AnotherWasiIsToldWithWhatToBuildFor) {
  EXPECT_EQ(import_refusal(join({name("wasi_unstable"), name("fd_write"), {0, 0}})),
            "unknown import \"wasi_unstable\".\"fd_write\" (func); wasi_unstable is WASI before "
            "preview 1: build the module for wasi_snapshot_preview1");
  EXPECT_THAT(import_refusal(join({name("wasi:cli/exit@0.2.0"), name("exit"), {0, 0}})),
              HasSubstr("preview 2 on: build the module for wasi_snapshot_preview1"));
}

TEST(CommandTest, ImportOfAnotherTypeShowsBoth) {
  EXPECT_EQ(import_refusal(join({name("wasi"), name("exit"), {0, 1}})),
            "import \"wasi\".\"exit\" has type () -> (), expected (i32) -> ()");
  const Bytes types = {1, 0x60, 3, 0x7F, 0x7C, 0x7B, 1, 0x70};
  EXPECT_EQ(refusal(module({section(1, types),
                            section(2, vec({join({name("wasi"), name("exit"), {0, 0}})}))})),
            "import \"wasi\".\"exit\" has type (i32 f64 v128) -> (funcref), expected (i32) -> ()");
}

TEST(CommandTest, CommandNeedsItsEntryPoint) {
  EXPECT_EQ(refusal(module({})), "WASM module has no _start entry point");
  EXPECT_EQ(refusal(module({section(5, {1, 0, 1}), section(7, vec({exported("_start", 2, 0)}))})),
            "WASM module has no _start entry point: _start is a memory, expected a func");
  EXPECT_EQ(
      refusal(module({section(1, {1, 0x60, 0, 1, 0x7F}), section(3, {1, 0}),
                      section(7, vec({exported("_start", 0, 0)})),
                      section(10, vec({body({0x41, 0})}))})),
      "WASM module has no _start entry point: _start has type () -> (i32), expected () -> ()");
}

TEST(CommandTest, CommandWithImportsNeedsItsMemory) {
  const auto importing = [](const Bytes& memory_export) {
    return module({section(1, {2, 0x60, 0, 0, 0x60, 1, 0x7F, 0}),
                   section(2, vec({join({name("wasi"), name("exit"), {0, 1}})})),
                   section(3, {1, 0}), section(5, {1, 0, 1}),
                   section(7, vec({exported("_start", 0, 1), memory_export})),
                   section(10, vec({body({})}))});
  };
  const std::string none = "WASM module exports no memory named \"memory\", which its imports need";
  EXPECT_EQ(refusal(importing(exported("memory", 2, 0))), "");
  EXPECT_EQ(refusal(importing(exported("mem", 2, 0))), none);
  EXPECT_EQ(refusal(importing(exported("memory", 0, 0))), none);
}

TEST(CommandTest, OtherBytesAreNoModule) {
  EXPECT_EQ(refusal({0x7F, 'E', 'L', 'F', 2}),
            "Invalid WASM module format: expected 00 61 73 6d, found 7f 45 4c 46");
  EXPECT_EQ(refusal({}), "Invalid WASM module format: expected 00 61 73 6d, found nothing");
  EXPECT_EQ(refusal({0, 'a'}), "Invalid WASM module format: expected 00 61 73 6d, found 00 61");
}

TEST(CommandTest, OtherVersionsHaveTheirOwnMessages) {
  EXPECT_EQ(refusal({0, 'a', 's', 'm', 2, 0, 0, 0}),
            "malformed WASM module: version 2, expected 1");
  EXPECT_EQ(refusal({0, 'a', 's', 'm', 1}),
            "malformed WASM module: no version after the magic number");
  EXPECT_EQ(
      refusal({0, 'a', 's', 'm', 0x0D, 0, 1, 0}, StatusCode::kUnimplemented),
      "WASM components are not supported: expected a core module, version 1, found a component");
}

TEST(CommandTest, WhatIsMalformedIsToldWithItsPlace) {
  EXPECT_EQ(refusal_with({section(14, {0})}),
            "malformed WASM module: malformed section id: 14 at offset 16");
  EXPECT_EQ(code_refusal({0x01, 0x27}),
            "malformed WASM module: function 0: illegal opcode: 0x27 at offset 41");
}

TEST(CommandTest, MalformedSectionsAreRefused) {
  const std::vector<std::vector<Bytes>> broken = {
      {section(1, {0})},                                      // twice
      {section(6, {0}), section(13, {0})},                    // out of order
      {section(10, {0}), custom("x", {}), section(12, {0})},  //
      {section(3, {0, 0})},                                   // bytes left over
      {{3, 9, 0}},                                            // bytes missing
      {section(3, {2, 0})},                                   //
      {section(3, {1, 0})},                                   // counts that do not agree
      {section(10, vec({body({})}))},                         //
      {section(12, {2})},                                     //
      {section(3, {1, 7})},                                   // indices out of range
      {section(7, vec({exported("m", 2, 0)}))},               //
      {section(7, vec({exported("a", 0, 0)}))},               //
      {section(8, {0})},                                      //
      {section(9, vec({join({{0}, i32_const(0), {0}})}))},    //
      {section(9, vec({{1, 0, 1, 5}}))},                      //
      {section(11, vec({join({{0}, i32_const(0), {0}})}))},   //
      {section(2, vec({{0, 0, 9, 0}}))},                      // unknown codes
      {section(5, {1, 16, 0})},                               //
      {section(4, {1, 0x70, 8, 0})},                          //
      {section(4, {1, 0x40, 1, 0x70, 0, 0})},                 //
      {section(6, {1, 0x7F, 2, 0x0B})},                       //
      {section(13, {1, 1, 0})},                               //
      {section(9, {1, 8, 0})},                                //
      {section(9, {1, 1, 1, 0})},                             //
      {section(11, {1, 3, 0})},                               //
      {section(5, {1, 1, 2, 1})},                             // minimum above maximum
      {section(4, {1, 0x70, 1, 2, 1})},                       //
      {section(6, {1, 0x7F, 0, 0x01, 0x0B})},                 // no constant expressions
      {section(6, {1, 0x7F, 0, 0x42, 0, 0x0B})},              //
      {custom("\xFF", {})},                                   // no name
      {section(5, {1, 0, 1}), section(7, vec({exported("a\n", 2, 0), exported("a\n", 2, 0)}))},
  };
  for (const auto& sections : broken) {
    Bytes bytes = module({section(1, {1, 0x60, 0, 0})});
    for (const Bytes& each : sections) bytes.insert(bytes.end(), each.begin(), each.end());
    const std::string said = refusal(bytes);
    EXPECT_THAT(said, StartsWith("malformed WASM module: "));
    EXPECT_THAT(said, HasSubstr(" at offset "));
    EXPECT_EQ(said.find('\n'), said.npos) << said;
  }
}

TEST(CommandTest, MalformedTypesAreRefused) {
  for (const Bytes& types :
       {Bytes{1, 0x61, 0}, Bytes{1, 0x60, 1, 0x30, 0}, Bytes{1, 0x60, 1, 0x63, 0x40, 0},
        Bytes{1, 0x5E, 0x78, 2}, Bytes{1, 0x50, 2, 0, 0, 0x60, 0, 0},
        Bytes{1, 0x50, 1, 0, 0x60, 0, 0}}) {
    EXPECT_THAT(refusal(module({section(1, types)})), StartsWith("malformed WASM module: "));
  }
  EXPECT_THAT(refusal(module({section(1, {1, 0x5E, 0x7F, 0}), section(3, {1, 0})})),
              StartsWith("malformed WASM module: "));
  EXPECT_THAT(refusal(module({section(1, {1, 0x60, 1, 0x7F, 0}), section(3, {1, 0}),
                              section(8, {0}), section(10, vec({body({})}))})),
              StartsWith("malformed WASM module: "))
      << "a start function takes and gives nothing";
}

TEST(CommandTest, EveryInstructionIsWalked) {
  EXPECT_EQ(code_refusal({0x41, 1, 0x40, 0, 0x1A, 0x02, 0x40, 0x0B, 0xFC, 11, 0}), "")
      << "types are the engine's";
  for (const Bytes& code :
       {Bytes{0xFB, 31}, Bytes{0xFC, 23}, Bytes{0xFD, 0x9A, 0x01}, Bytes{0xFF},
        Bytes{0x28, 0x80, 0x01, 0}, Bytes{0x02, 0x30}, Bytes{0x02, 0x80, 0x7F},
        Bytes{0x1F, 0x40, 1, 4, 0}, Bytes{0xFE, 3, 1}, Bytes{0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0},
        Bytes{0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, Bytes{0x02, 0x40}, Bytes{0x0B, 0x01},
        Bytes{0x18, 0}}) {
    EXPECT_THAT(code_refusal(code), StartsWith("malformed WASM module: function 0: "));
  }
}

TEST(CommandTest, AMillionNestedBlocksAreJustCounted) {
  constexpr std::size_t kDepth = 600'000;
  Bytes code;
  for (std::size_t i = 0; i < kDepth; ++i) code.insert(code.end(), {0x02, 0x40});
  code.insert(code.end(), kDepth, 0x0B);
  EXPECT_EQ(code_refusal(code), "");
}

TEST(CommandTest, WhatIsNotSupportedIsNamed) {
  constexpr auto kCode = StatusCode::kUnimplemented;
  EXPECT_EQ(refusal_with({section(5, {1, 4, 0})}, kCode),
            "WASM module needs a 64-bit memory, which is not supported");
  EXPECT_EQ(refusal_with({section(5, {1, 3, 0, 1})}, kCode),
            "WASM module needs a shared memory, which is not supported");
  EXPECT_EQ(refusal_with({section(5, {1, 8, 0, 0})}, kCode),
            "WASM module needs a memory with its own page size, which is not supported");
  EXPECT_EQ(refusal_with({section(4, {1, 0x70, 4, 0})}, kCode),
            "WASM module needs a 64-bit table, which is not supported");
  EXPECT_EQ(refusal_with({section(2, vec({join({name("wasi"), name("exit"), {0x20, 0}})}))}, kCode),
            "WASM module needs an exact function, which is not supported");
}

}  // namespace
}  // namespace skerry::wasm
