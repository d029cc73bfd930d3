// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/checks.h"

#include <gtest/gtest.h>

#include "skerry/wasm/reader.h"
#include "skerry/wasm/test_module.h"

namespace skerry::wasm {
namespace {

using namespace testing;

const std::vector<HostFunction> kOffered = {{"wasi", "exit", {{kI32}, {}}},
                                            {"host", "call", {{kI32, kI64}, {kI32}}}};

std::string import_failure(const Bytes& import) {
  const Bytes bytes =
      module({section(1, {2, 0x60, 1, 0x7F, 0, 0x60, 0, 0}), section(2, vec({import}))});
  const auto module = read_module(view(bytes), {});
  EXPECT_TRUE(module.ok()) << module.status();
  return std::string(message_of(check_imports(*module, kOffered)));
}

std::string command_failure(const Bytes& bytes) {
  const auto module = read_module(view(bytes), {});
  EXPECT_TRUE(module.ok()) << module.status();
  return std::string(message_of(check_command(*module)));
}

TEST(ChecksTest, OfferedImportsPass) {
  EXPECT_EQ(import_failure(join({name("wasi"), name("exit"), {0, 0}})), "");
}

TEST(ChecksTest, UnknownImportIsNamed) {
  EXPECT_EQ(import_failure(join({name("env"), name("foo"), {0, 0}})),
            "unknown import \"env\".\"foo\" (func)");
  EXPECT_EQ(import_failure(join({name("wasi"), name("exit"), {2, 0, 1}})),
            "unknown import \"wasi\".\"exit\" (memory)");
  EXPECT_EQ(import_failure(join({name("exit"), name("wasi"), {3, 0x7F, 0}})),
            "unknown import \"exit\".\"wasi\" (global)");
}

TEST(ChecksTest, ImportOfAnotherTypeShowsBoth) {
  EXPECT_EQ(import_failure(join({name("wasi"), name("exit"), {0, 1}})),
            "import \"wasi\".\"exit\" has type () -> (), expected (i32) -> ()");
}

TEST(ChecksTest, EmptyCommandPasses) { EXPECT_EQ(command_failure(empty_command()), ""); }

TEST(ChecksTest, CommandNeedsItsEntryPoint) {
  EXPECT_EQ(command_failure(module({})), "WASM module has no _start entry point");
  EXPECT_EQ(
      command_failure(module({section(5, {1, 0, 1}), section(7, vec({exported("_start", 2, 0)}))})),
      "WASM module has no _start entry point: _start is a memory, expected a func");
  EXPECT_EQ(
      command_failure(module({section(1, {1, 0x60, 0, 1, 0x7F}), section(3, {1, 0}),
                              section(7, vec({exported("_start", 0, 0)})),
                              section(10, vec({body({0x41, 0})}))})),
      "WASM module has no _start entry point: _start has type () -> (i32), expected () -> ()");
}

TEST(ChecksTest, CommandWithImportsNeedsItsMemory) {
  const auto importing = [](const Bytes& memory_export) {
    return module({section(1, {1, 0x60, 0, 0}),
                   section(2, vec({join({name("wasi"), name("yield"), {0, 0}})})),
                   section(5, {1, 0, 1}),
                   section(7, vec({exported("_start", 0, 0), memory_export}))});
  };
  EXPECT_EQ(command_failure(importing(exported("memory", 2, 0))), "");
  EXPECT_EQ(command_failure(importing(exported("mem", 2, 0))),
            "WASM module exports no memory named \"memory\", which its imports need");
  EXPECT_EQ(command_failure(importing(exported("memory", 0, 0))),
            "WASM module exports no memory named \"memory\", which its imports need");
}

Status state_check(const Bytes& bytes) {
  const auto module = read_module(view(bytes), {});
  EXPECT_TRUE(module.ok()) << module.status();
  const auto scan = scan_code(*module);
  EXPECT_TRUE(scan.ok()) << scan.status();
  return check_state_in_image(*module, *scan);
}

TEST(ChecksTest, PlainCodeKeepsItsStateInTheImage) {
  EXPECT_TRUE(state_check(module_with_code({0x41, 1, 0x40, 0, 0x1A, 0x25, 0, 0x1A})).ok());
}

TEST(ChecksTest, StateOutsideTheImageIsNamed) {
  const Status status = state_check(module_with_code({0x26, 0, 0xFC, 9, 0}));
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_EQ(message_of(status),
            "WASM module keeps state outside memory and plain globals: table.set, data.drop");
  EXPECT_EQ(message_of(state_check(module({section(6, {1, 0x6F, 1, 0xD0, 0x6F, 0x0B})}))),
            "WASM module keeps state outside memory and plain globals: mutable global 0 of type "
            "externref");
}

TEST(ChecksTest, TypesPrintAsInTheTextFormat) {
  EXPECT_EQ(to_string(FunctionType{{kI32, kF64, kV128}, {kFuncRef}}),
            "(i32 f64 v128) -> (funcref)");
  EXPECT_EQ(to_string(ValueType{ValueType::Kind::kReference, false, 7}), "(ref 7)");
  EXPECT_EQ(to_string(ValueType{ValueType::Kind::kReference, true, -0x12}), "(ref null any)");
}

}  // namespace
}  // namespace skerry::wasm
