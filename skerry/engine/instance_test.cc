// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/instance.h"

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/engine/test_module.h"

namespace skerry::engine {
namespace {

using engine::testing::compile_text;
using Kind = CallEnd::Kind;

/// What `env.host` was called with; its answer is the sum.
struct Host {
  std::vector<std::uint64_t> arguments;
  std::string memory;
  HostAnswer answer = HostAnswer::kContinue;

  static HostAnswer call(void* host, std::span<std::byte> memory, std::span<std::uint64_t> values,
                         const void*) {
    auto* self = static_cast<Host*>(host);
    self->arguments.assign(values.begin(), values.end());
    self->memory = std::string(as_text(memory.first(std::min<std::size_t>(memory.size(), 16))));
    if (!memory.empty()) memory[8] = std::byte{99};
    values[0] = values[0] + values[1];
    return self->answer;
  }
};

std::vector<HostFunction> host_function() {
  return {{.module = "env",
           .name = "host",
           .params = {ValueType::kI32, ValueType::kI64},
           .results = {ValueType::kI64},
           .call = Host::call}};
}

class InstanceTest : public ::testing::Test {
 protected:
  /// Instantiates on `memory`, which is empty unless a test has made one.
  Status start(std::string_view text, Metering metering = Metering::kNone) {
    SKERRY_ASSIGN(auto compiled, compile_text(text, metering));
    SKERRY_ASSIGN(program, Program::link(std::move(compiled), host_function()));
    return start_again();
  }

  Status start_again() {
    if (!memory) {
      SKERRY_ASSIGN(memory, image::LinearMemory::zeroed(limits.memory));
    }
    SKERRY_ASSIGN(instance, Instance::create(program, *memory, &host, limits));
    return ok_status();
  }

  CallEnd call(std::string_view name, std::vector<std::uint64_t> arguments = {}) {
    const auto end = instance->call(name, arguments);
    EXPECT_TRUE(end.ok()) << end.status();
    return end.value_or(CallEnd{.kind = Kind::kTrapped, .message = "not called"});
  }

  InstanceLimits limits;
  Host host;
  std::shared_ptr<Program> program;
  std::unique_ptr<image::LinearMemory> memory;
  std::unique_ptr<Instance> instance;
};

TEST_F(InstanceTest, CallReturnsItsResult) {
  ASSERT_TRUE(start(R"((module
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "wide") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
      (func (export "none"))))")
                  .ok());
  EXPECT_EQ(call("add", {40, 2}).value & 0xFFFFFFFF, 42U);
  EXPECT_EQ(call("wide", {std::uint64_t{1} << 40}).value, std::uint64_t{3} << 40);
  EXPECT_EQ(call("none").kind, Kind::kReturned);
}

TEST_F(InstanceTest, CallOfAnotherTypeIsRefused) {
  ASSERT_TRUE(start(R"((module
      (func (export "one") (param i32))
      (func (export "float") (result f64) (f64.const 1))
      (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))
      (memory (export "memory") 1)))")
                  .ok());
  EXPECT_EQ(instance->call("one", {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(instance->call("float", {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(instance->call("two", {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(instance->call("nothing", {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(instance->call("memory", {}).status().code(), StatusCode::kNotFound);
}

TEST_F(InstanceTest, HostFunctionGetsArgumentsAndMemory) {
  ASSERT_TRUE(start(R"((module
      (import "env" "host" (func $host (param i32 i64) (result i64)))
      (memory (export "memory") 1) (data (i32.const 0) "hello")
      (func (export "go") (result i64)
        (drop (call $host (i32.const -1) (i64.const 5)))
        (i64.load8_u (i32.const 8)))))")
                  .ok());
  EXPECT_EQ(call("go").value, 99U) << "and may write there";
  EXPECT_EQ(host.arguments, (std::vector<std::uint64_t>{0xFFFFFFFF, 5}))
      << "an i32 is in the low half";
  EXPECT_EQ(host.memory.substr(0, 5), "hello");
}

TEST_F(InstanceTest, HostFunctionsResultReachesTheGuest) {
  ASSERT_TRUE(start(R"((module
      (import "env" "host" (func $host (param i32 i64) (result i64)))
      (func (export "go") (result i64) (call $host (i32.const 2) (i64.const 40)))))")
                  .ok());
  EXPECT_EQ(call("go").value, 42U);
}

TEST_F(InstanceTest, HostEndsTheGuest) {
  ASSERT_TRUE(start(R"((module
      (import "env" "host" (func $host (param i32 i64) (result i64)))
      (global (export "after") (mut i32) (i32.const 0))
      (func (export "go")
        (drop (call $host (i32.const 0) (i64.const 0)))
        (global.set 0 (i32.const 1)))))")
                  .ok());
  host.answer = HostAnswer::kEnd;
  EXPECT_EQ(call("go").kind, Kind::kHostEnded);
  EXPECT_EQ(*instance->global("after"), 0U);
}

TEST_F(InstanceTest, TrapSaysItsCauseWithoutABacktrace) {
  ASSERT_TRUE(start(R"((module (memory 1)
      (func $deep (unreachable))
      (func (export "unreachable") (call $deep))
      (func (export "outside") (drop (i32.load (i32.const 65536))))
      (func (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))))")
                  .ok());
  const auto message = [&](std::string_view name) {
    const CallEnd end = call(name);
    EXPECT_EQ(end.kind, Kind::kTrapped);
    EXPECT_EQ(end.message.find('\n'), std::string::npos) << end.message;
    EXPECT_EQ(end.message.find("backtrace"), std::string::npos) << end.message;
    return end.message;
  };
  EXPECT_NE(message("unreachable").find("unreachable"), std::string::npos);
  EXPECT_NE(message("outside").find("out of bounds memory access"), std::string::npos);
  EXPECT_NE(message("divide").find("divide by zero"), std::string::npos);
}

TEST_F(InstanceTest, EndlessRecursionExhaustsTheStack) {
  ASSERT_TRUE(start(R"((module (func $f (export "f") (param i64) (result i64)
      (i64.add (call $f (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))))")
                  .ok());
  EXPECT_EQ(call("f", {0}).kind, Kind::kStackExhausted);
}

TEST_F(InstanceTest, FuelEndsALoop) {
  limits.fuel = 1000;
  ASSERT_TRUE(start(R"((module (func (export "loop") (loop (br 0))) (func (export "short"))))",
                    Metering::kFuel)
                  .ok());
  ASSERT_TRUE(instance->set_fuel(10'000).ok());
  EXPECT_EQ(call("short").kind, Kind::kReturned);
  const std::uint64_t left = instance->fuel();
  EXPECT_LT(left, 10'000U);
  EXPECT_GT(left, 9'000U);
  EXPECT_EQ(call("loop").kind, Kind::kOutOfFuel);
  EXPECT_EQ(instance->fuel(), 0U);
}

TEST_F(InstanceTest, FuelIsForMeteredCodeOnly) {
  ASSERT_TRUE(start("(module)").ok());
  EXPECT_EQ(instance->set_fuel(1).code(), StatusCode::kFailedPrecondition);
}

TEST_F(InstanceTest, GrowthBeyondTheLimitAnswersMinusOne) {
  limits.memory = kib(192);
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))")
                  .ok());
  EXPECT_EQ(call("grow", {2}).value & 0xFFFFFFFF, 1U);
  EXPECT_EQ(instance->memory().size(), 3 * kWasmPageSize);
  EXPECT_EQ(call("grow", {1}).value & 0xFFFFFFFF, 0xFFFFFFFFU);
  EXPECT_EQ(call("grow", {65536}).value & 0xFFFFFFFF, 0xFFFFFFFFU);
  EXPECT_EQ(memory->size(), 3 * kWasmPageSize);
}

TEST_F(InstanceTest, RefusedGrowthIsNotedInTheMemory) {
  limits.memory = kib(64);
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1)
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))))")
                  .ok());
  EXPECT_FALSE(memory->growth_was_refused());
  call("grow");
  EXPECT_TRUE(memory->growth_was_refused());
}

TEST_F(InstanceTest, MemoryLargerThanTheLimitIsResourceExhausted) {
  limits.memory = kib(64);
  EXPECT_EQ(start("(module (memory 2))").code(), StatusCode::kResourceExhausted);
}

TEST_F(InstanceTest, TablesAreLimited) {
  limits.table_elements = 100;
  EXPECT_EQ(start("(module (table 101 funcref))").code(), StatusCode::kResourceExhausted);
  ASSERT_TRUE(start(R"((module (table 100 funcref)
      (func (export "grow") (result i32) (table.grow (ref.null func) (i32.const 1)))))")
                  .ok());
  EXPECT_EQ(call("grow").value & 0xFFFFFFFF, 0xFFFFFFFFU);
}

TEST_F(InstanceTest, NumberOfTablesAndMemoriesIsLimited) {
  limits.tables = 2;
  limits.memories = 2;
  EXPECT_EQ(start("(module (table 1 funcref) (table 1 funcref) (table 1 funcref))").code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(start("(module (memory 1) (memory 1) (memory 1))").code(),
            StatusCode::kResourceExhausted);
}

TEST_F(InstanceTest, SecondMemoryHasPagesOfItsOwn) {
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1) (memory $other 1)
      (func (export "write") (i32.store8 $other (i32.const 0) (i32.const 7)))))")
                  .ok());
  call("write");
  EXPECT_EQ(instance->memory()[0], std::byte{0});
}

TEST_F(InstanceTest, UnknownImportIsNamed) {
  const Status status = start(R"((module (import "env" "missing_one" (func))))");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(message_of(status).find("env"), std::string_view::npos) << status;
  EXPECT_NE(message_of(status).find("missing_one"), std::string_view::npos) << status;
}

TEST_F(InstanceTest, ImportOfAnotherTypeIsRefused) {
  EXPECT_EQ(start(R"((module (import "env" "host" (func (param f32)))))").code(),
            StatusCode::kInvalidArgument);
}

TEST_F(InstanceTest, TrapInTheStartFunctionIsReported) {
  ASSERT_TRUE(start("(module (func $s (unreachable)) (start $s))").ok());
  EXPECT_EQ(instance->start_end().kind, Kind::kTrapped);
  EXPECT_NE(instance->start_end().message.find("unreachable"), std::string::npos);
}

TEST_F(InstanceTest, StartFunctionThatTheHostEndsIsReported) {
  host.answer = HostAnswer::kEnd;
  ASSERT_TRUE(start(R"((module (import "env" "host" (func $host (param i32 i64) (result i64)))
      (memory (export "memory") 1) (data (i32.const 0) "early")
      (func $s (drop (call $host (i32.const 1) (i64.const 2)))) (start $s)))")
                  .ok());
  EXPECT_EQ(instance->start_end().kind, Kind::kHostEnded);
  EXPECT_EQ(host.memory.substr(0, 5), "early") << "exports are known while the start function runs";
}

TEST_F(InstanceTest, StartFunctionBurnsFuel) {
  limits.fuel = 1000;
  ASSERT_TRUE(start("(module (func $s (loop (br 0))) (start $s))", Metering::kFuel).ok());
  EXPECT_EQ(instance->start_end().kind, Kind::kOutOfFuel);
}

TEST_F(InstanceTest, GlobalsAreReadAndWritten) {
  ASSERT_TRUE(start(R"((module
      (global (export "i") (mut i32) (i32.const -1)) (global (export "l") (mut i64) (i64.const 7))
      (global (export "d") (mut f64) (f64.const 1)) (global (export "constant") i32 (i32.const 3))
      (func (export "get") (result i64) (global.get 1))))")
                  .ok());
  EXPECT_EQ(*instance->global("i"), 0xFFFFFFFFU);
  EXPECT_EQ(*instance->global("d"), 0x3FF0000000000000U);
  ASSERT_TRUE(instance->set_global("l", std::uint64_t{1} << 50).ok());
  EXPECT_EQ(call("get").value, std::uint64_t{1} << 50);
  EXPECT_EQ(instance->set_global("constant", 1).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(instance->global("get").status().code(), StatusCode::kNotFound);
}

TEST_F(InstanceTest, OneMemoryServesOneInstanceAfterAnother) {
  std::string page(kWasmPageSize, '\0');
  page.replace(100, 5, "image");
  OwnedFd file(::memfd_create("image", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(file.get(), as_bytes(page)).ok());
  memory =
      image::LinearMemory::on_image(
          image::ImagePages::of(image::PageFile::open(std::move(file), 0, page.size()).value()),
          mib(1))
          .value();
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1)
      (func (export "get") (result i32) (i32.load8_u (i32.const 100)))
      (func (export "spoil") (i32.store8 (i32.const 100) (i32.const 0)) (drop (memory.grow (i32.const 1))))))")
                  .ok());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(call("get").value & 0xFF, std::uint64_t{'i'}) << "round " << round;
    call("spoil");
    EXPECT_EQ(call("get").value & 0xFF, 0U);
    EXPECT_EQ(instance->memory().size(), 2 * kWasmPageSize);
    instance.reset();
    ASSERT_TRUE(memory->reset().ok());
    ASSERT_TRUE(start_again().ok());
    EXPECT_EQ(instance->memory().size(), kWasmPageSize);
  }
}

TEST(TextModuleTest, TextThatIsNoneIsRefused) {
  EXPECT_EQ(text_to_binary("(module (func").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace skerry::engine
