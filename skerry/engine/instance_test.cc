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
      SKERRY_ASSIGN(memory, image::LinearMemory::zeroed(memory_limit));
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
  ByteSize memory_limit = mib(256);
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
    EXPECT_EQ(end.kind, name == "unreachable" ? Kind::kUnreachable : Kind::kTrapped);
    EXPECT_EQ(end.message.find('\n'), std::string::npos) << end.message;
    EXPECT_EQ(end.message.find("backtrace"), std::string::npos) << end.message;
    return end.message;
  };
  EXPECT_NE(message("unreachable").find("unreachable"), std::string::npos);
  EXPECT_EQ(message("outside"),
            "memory fault at wasm address 0x10000 in linear memory of size 0x10000: out of bounds "
            "memory access")
      << "two causes";
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
  memory_limit = kib(192);
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
  memory_limit = kib(64);
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1)
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))))")
                  .ok());
  EXPECT_FALSE(memory->growth_was_refused());
  call("grow");
  EXPECT_TRUE(memory->growth_was_refused());
}

TEST_F(InstanceTest, MemoryLargerThanTheLimitIsResourceExhausted) {
  memory_limit = kib(64);
  EXPECT_EQ(start("(module (memory 2))").code(), StatusCode::kResourceExhausted);
}

TEST_F(InstanceTest, MemoriesAreLimitedTogether) {
  memory_limit = kib(256);
  EXPECT_EQ(start("(module (memory 2) (memory 0) (memory 3))").code(),
            StatusCode::kResourceExhausted);
  memory.reset();
  ASSERT_TRUE(start(R"((module (memory 0) (memory 1)
      (func (export "grow_0") (param i32) (result i32) (memory.grow 0 (local.get 0)))
      (func (export "grow_1") (param i32) (result i32) (memory.grow 1 (local.get 0)))))")
                  .ok());
  EXPECT_EQ(call("grow_1", {2}).value & 0xFFFFFFFF, 1U);
  EXPECT_EQ(call("grow_0", {2}).value & 0xFFFFFFFF, 0xFFFFFFFFU);
  EXPECT_TRUE(memory->growth_was_refused());
  EXPECT_EQ(call("grow_0", {1}).value & 0xFFFFFFFF, 0U);
  EXPECT_EQ(memory->peak(), kib(256).value);
}

/// A module of two memories with 3,000 data segments, of which some overlap, some are far apart and
/// one is passive; and what the memories hold when it begins.
struct ManySegments {
  std::string text = R"((module (memory (export "memory") 3) (memory $other 1)
      (func (export "other") (param i32) (result i32) (i32.load8_u $other (local.get 0)))
      (func (export "copy") (memory.init $kept (i32.const 9) (i32.const 0) (i32.const 4)))
      (func (export "copy_applied")
        (memory.init $first (i32.const 9) (i32.const 0) (i32.const 1)))
      (data $first (i32.const 9) "A"))";
  std::string first = std::string(3 * kWasmPageSize, '\0');
  std::string other = std::string(kWasmPageSize, '\0');

  ManySegments() {
    first[9] = 'A';
    for (int i = 0; i < 3'000; ++i) {
      const bool is_first = i % 3 != 0;
      const std::size_t at = is_first ? (i * 7919U) % (3 * kWasmPageSize - 4) : (2'999U - i) * 2;
      const std::string bytes{static_cast<char>('a' + i % 26), static_cast<char>('A' + i % 26),
                              'x'};
      (is_first ? first : other).replace(at, bytes.size(), bytes);
      text += "(data " + std::string(is_first ? "" : "(memory $other) ") + "(i32.const " +
              std::to_string(at) + ") \"" + bytes + "\")";
      if (i == 1'500) text += "(data $kept \"kept\")";
    }
  }
};

TEST_F(InstanceTest, ManySegmentsLieWhereTheyShould) {
  const ManySegments many;
  ASSERT_TRUE(start(many.text + ")").ok());
  EXPECT_TRUE(as_text(instance->memory()) == many.first);
  for (std::size_t at = 0; at < many.other.size(); at += 13)
    EXPECT_EQ(call("other", {at}).value, static_cast<unsigned char>(many.other[at])) << at;
  EXPECT_EQ(call("copy_applied").kind, Kind::kTrapped) << "an active segment is gone";
  ASSERT_TRUE(start_again().ok());
  EXPECT_EQ(call("copy").kind, Kind::kReturned);
  EXPECT_EQ(as_text(instance->memory()).substr(9, 4), "kept");
}

TEST_F(InstanceTest, OneOfManySegmentsThatDoesNotFitIsATrap) {
  const ManySegments many;
  ASSERT_TRUE(start(many.text + "(data (i32.const 196608) \"x\"))").ok());
  EXPECT_EQ(instance->start_end().kind, Kind::kTrapped);
}

TEST_F(InstanceTest, TrapNamesItsFunctionWhereNamesExist) {
  ASSERT_TRUE(
      start("(module (func $give_up unreachable) (func (export \"f\") (call $give_up)))").ok());
  const std::string named = call("f").message;
  EXPECT_EQ(
      named.find("wasm `unreachable` instruction executed in function \"give_up\" at offset 0x"),
      0U)
      << named;
  ASSERT_TRUE(start("(module (func unreachable) (func (export \"f\") (call 0)))").ok());
  EXPECT_EQ(call("f").message, "wasm `unreachable` instruction executed");
}

TEST_F(InstanceTest, MaximumBeyondTheLimitIsNoFault) {
  memory_limit = kib(64);
  EXPECT_TRUE(start("(module (memory 1 65536))").ok());
}

TEST_F(InstanceTest, FullCollectorHeapIsToldFromATrap) {
  memory_limit = mib(2);
  ASSERT_TRUE(start(R"((module (type $list (struct (field (ref null $list)) (field i64)))
      (func (export "fill") (local $all (ref null $list))
        (loop $more
          (local.set $all (struct.new $list (local.get $all) (i64.const 7)))
          (br $more)))
      (func (export "give_up") unreachable)))")
                  .ok());
  EXPECT_EQ(call("fill").kind, Kind::kHeapFull);
  EXPECT_LE(memory->peak(), mib(2).value);
  EXPECT_EQ(call("give_up").kind, Kind::kUnreachable);
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
  EXPECT_EQ(instance->start_end().kind, Kind::kUnreachable);
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

TEST_F(InstanceTest, SizeThatItsMemoryWasGivenIsTakenWhenRefreshed) {
  ASSERT_TRUE(start(R"((module (memory (export "memory") 1)
      (func (export "size") (result i32) (memory.size))
      (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export "fill") (param i32) (memory.fill (local.get 0) (i32.const 7) (i32.const 1)))))")
                  .ok());
  constexpr std::uint64_t kBeyond = kWasmPageSize + 5;
  EXPECT_EQ(call("fill", {kBeyond}).kind, Kind::kTrapped);
  ASSERT_TRUE(memory->grow_to(3 * kWasmPageSize).ok());
  EXPECT_EQ(call("size").value, 1U) << "not before it is refreshed";
  ASSERT_TRUE(instance->refresh_memory_size().ok());
  EXPECT_EQ(call("size").value, 3U);
  EXPECT_EQ(instance->memory().size(), 3 * kWasmPageSize);
  EXPECT_EQ(call("fill", {kBeyond}).kind, Kind::kReturned);
  EXPECT_EQ(call("get", {kBeyond}).value, 7U);
}

TEST(TextModuleTest, TextThatIsNoneIsRefused) {
  EXPECT_EQ(text_to_binary("(module (func").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace skerry::engine
