// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/sandbox.h"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/engine/test_module.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::sandbox {
namespace {

using engine::CallEnd;

class KeptOutput final : public wasi::OutputSink {
 public:
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override {
    (stream == wasi::Stream::kStdout ? out : err) += as_text(bytes);
    return ok_status();
  }
  std::string out;
  std::string err;
};

class TestCallHandler final : public HostCallHandler {
 public:
  Result<std::string> answer(std::string_view frame) override {
    frames.emplace_back(frame);
    return reply;
  }
  std::vector<std::string> frames;
  Result<std::string> reply = std::string("pong");
};

// No data segments and no start function: what hollowing leaves. Memory comes from the image, 0 and
// up: 16 "hello\n", 32 an iovec of it, 64 "ping".
constexpr std::string_view kGuest = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "host" "call" (func $call_handler (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $count (export "count") (mut i32) (i32.const 0))
  (global $alloc_traps (export "alloc_traps") (mut i32) (i32.const 0))
  (func (export "hello") (result i32)
    (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 48)))
  (func (export "bump") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store8 (i32.const 16) (i32.const 74))
    (i32.store (i32.const 50000) (i32.const 1))
    (global.get $count))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)))
  (func (export "trap") (i32.store8 (i32.const 16) (i32.const 88)) (unreachable))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_or_trap") (param i32)
    (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then (unreachable))))
  (func (export "random") (result i64)
    (drop (call $random_get (i32.const 256) (i32.const 8)))
    (i64.load (i32.const 256)))
  (func (export "knock") (param i32 i32 i32 i32) (result i32)
    (call $call_handler (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "arm") (global.set $alloc_traps (i32.const 1)))
  (func (export "loop") (loop (br 0)))
  (func (export "host_alloc") (param i32) (result i32)
    (if (global.get $alloc_traps) (then (unreachable)))
    (i32.const 1024))))";

std::vector<std::byte> first_page() {
  std::vector<std::byte> page(kWasmPageSize);
  const auto put = [&](std::size_t at, std::string_view text) {
    std::memcpy(page.data() + at, text.data(), text.size());
  };
  put(16, "hello\n");
  put(32, std::string_view("\x10\0\0\0\x06\0\0\0", 8));
  put(64, "ping");
  return page;
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    image::Manifest manifest;
    manifest.template_name = "test";
    manifest.globals = {{"count", 40}, {"alloc_traps", 0}};
    const auto path = directory / "test.image";
    ASSERT_TRUE(image::write_image(path, manifest, first_page()).ok());
    loaded.image = image::open_image(path).value();
    loaded.program = program();
    sandbox = Sandbox::load(loaded, limits).value();
    enter();
  }

  void use_template(std::size_t size) {
    std::vector<std::byte> large(size);
    const auto path = directory / "large.image";
    image::Manifest manifest = loaded.image->manifest;
    manifest.template_name = "large";
    ASSERT_TRUE(image::write_image(path, manifest, large).ok());
    loaded.image = image::open_image(path).value();
  }

  static std::shared_ptr<engine::Program> program(
      engine::Metering metering = engine::Metering::kNone) {
    auto compiled = engine::testing::compile_text(kGuest, metering);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return engine::Program::link(*std::move(compiled), host_functions()).value();
  }

  void enter() {
    environment.output = &output;
    environment.input = &input;
    sandbox->attach(environment);
  }

  CallEnd call(std::string_view name, std::vector<std::uint64_t> arguments = {}) {
    const auto end = sandbox->call(name, arguments);
    EXPECT_TRUE(end.ok()) << end.status();
    return end.value_or(CallEnd{.kind = CallEnd::Kind::kTrapped, .message = "not called"});
  }
  std::uint32_t value(std::string_view name, std::vector<std::uint64_t> arguments = {}) {
    const CallEnd end = call(name, std::move(arguments));
    EXPECT_EQ(end.kind, CallEnd::Kind::kReturned) << end.message;
    return static_cast<std::uint32_t>(end.value);
  }
  Outcome outcome_of(const CallEnd& end) const {
    Outcome outcome;
    sandbox->explain_end(end, outcome);
    return outcome;
  }
  void reset() {
    const auto cost = sandbox->reset();
    ASSERT_TRUE(cost.ok()) << cost.status();
    enter();
  }
  bool is_as_template() {
    const auto memory = sandbox->memory();
    const auto pristine = loaded.image->base->bytes();
    return memory.size() == pristine.size() &&
           std::memcmp(memory.data(), pristine.data(), memory.size()) == 0;
  }

  const TestDirectory directory;
  LoadedImage loaded;
  Limits limits = [] {
    Limits small;
    small.memory = mib(1);
    return small;
  }();
  KeptOutput output;
  wasi::NoInput input;
  TestCallHandler call_handler;
  RunEnvironment environment;
  std::unique_ptr<Sandbox> sandbox;
};

TEST_F(SandboxTest, GuestWritesToStandardOutput) {
  EXPECT_EQ(value("hello"), 0U);
  EXPECT_EQ(output.out, "hello\n");
  EXPECT_EQ(output.err, "");
}

TEST_F(SandboxTest, GlobalsBeginAsTheImageSays) { EXPECT_EQ(value("bump"), 41U); }

TEST_F(SandboxTest, ResetRestoresMemoryAndGlobals) {
  EXPECT_EQ(value("bump"), 41U);
  EXPECT_EQ(value("bump"), 42U);
  EXPECT_FALSE(is_as_template());
  reset();
  EXPECT_TRUE(is_as_template());
  EXPECT_EQ(value("bump"), 41U);
}

TEST_F(SandboxTest, ResetRestoresFiles) {
  ASSERT_TRUE(wasi::add_file(sandbox->state().files(), "/secret", as_bytes("x")).ok());
  reset();
  EXPECT_EQ(wasi::stat(sandbox->state().files(), "/secret").status().code(), StatusCode::kNotFound);
}

TEST_F(SandboxTest, ProcExitGivesItsCode) {
  const CallEnd end = call("exit", {7});
  EXPECT_EQ(end.kind, CallEnd::Kind::kHostEnded);
  EXPECT_EQ(sandbox->exited()->code, 7U);
  const Outcome outcome = outcome_of(end);
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(SandboxTest, ProcExitZeroIsCompletion) {
  const Outcome outcome = outcome_of(call("exit", {0}));
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.message, "");
}

TEST_F(SandboxTest, CallAfterATrapNeedsAReset) {
  EXPECT_EQ(call("trap").kind, CallEnd::Kind::kUnreachable);
  EXPECT_EQ(sandbox->call("bump", {}).status().code(), StatusCode::kFailedPrecondition);
  reset();
  EXPECT_TRUE(is_as_template());
  EXPECT_EQ(value("bump"), 41U);
}

TEST_F(SandboxTest, ResetAfterAnExitForgetsIt) {
  call("exit", {3});
  reset();
  EXPECT_FALSE(sandbox->exited().has_value());
  EXPECT_EQ(value("hello"), 0U);
}

TEST_F(SandboxTest, GrowthIsTakenBackByReset) {
  EXPECT_EQ(value("grow", {3}), 1U);
  EXPECT_EQ(sandbox->memory().size(), 4 * kWasmPageSize);
  reset();
  EXPECT_TRUE(is_as_template());
  EXPECT_EQ(value("grow", {0}), 1U) << "the instance knows the old size again";
}

TEST_F(SandboxTest, TrapIsTold) {
  const Outcome outcome = outcome_of(call("trap"));
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome.exit_code, 134);
  EXPECT_NE(outcome.message.find("unreachable"), std::string::npos) << outcome.message;
}

TEST_F(SandboxTest, TrapAfterRefusedMemoryIsOutOfMemory) {
  const Outcome outcome = outcome_of(call("grow_or_trap", {100}));
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfMemory);
  EXPECT_EQ(outcome.exit_code, 137);
  ASSERT_TRUE(outcome.limit.has_value());
  EXPECT_EQ(outcome.limit->limit, "memory");
  EXPECT_EQ(outcome.limit->value, static_cast<double>(mib(1).value));
}

TEST_F(SandboxTest, OtherTrapAfterRefusedMemoryIsATrap) {
  EXPECT_EQ(value("grow", {100}) & 0xFFFFFFFF, 0xFFFFFFFFU);
  const Outcome outcome = outcome_of(call("load", {0x7FFFFFFF}));
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_NE(outcome.message.find("out of bounds"), std::string::npos) << outcome.message;
}

TEST_F(SandboxTest, MemoryThatWasRefusedBeforeItGrewIsForgotten) {
  EXPECT_EQ(value("grow", {100}) & 0xFFFFFFFF, 0xFFFFFFFFU);
  EXPECT_EQ(value("grow", {1}), 1U);
  EXPECT_EQ(outcome_of(call("trap")).kind, OutcomeKind::kTrapped);
}

TEST_F(SandboxTest, RefusedMemoryOfOneRunIsNotTheNexts) {
  call("grow_or_trap", {100});
  reset();
  EXPECT_EQ(outcome_of(call("trap")).kind, OutcomeKind::kTrapped);
}

TEST_F(SandboxTest, FuelRunsOut) {
  loaded.program = program(engine::Metering::kFuel);
  limits.fuel = 100'000;
  sandbox = Sandbox::load(loaded, limits).value();
  enter();
  EXPECT_EQ(value("hello"), 0U);
  const Outcome outcome = outcome_of(call("loop"));
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfFuel);
  EXPECT_EQ(outcome.exit_code, 152);
  ASSERT_TRUE(outcome.limit.has_value());
  EXPECT_EQ(outcome.limit->value, 100'000);
  Usage usage;
  sandbox->measure(usage);
  EXPECT_EQ(usage.fuel, 100'000U);
  reset();
  EXPECT_EQ(value("hello"), 0U) << "the next run has its own";
}

TEST_F(SandboxTest, CallsAsideTakeNoFuelAndNoNewMemory) {
  loaded.program = program(engine::Metering::kFuel);
  limits.fuel = 100'000;
  sandbox = Sandbox::load(loaded, limits).value();
  enter();
  const auto fuel = [&] {
    Usage usage;
    sandbox->measure(usage);
    return usage.fuel;
  };
  value("hello");
  const auto used = fuel();
  const std::size_t size = sandbox->memory().size();
  const std::uint64_t pages = 1;
  ASSERT_TRUE(sandbox->call_aside("grow", {&pages, 1}).ok());
  EXPECT_EQ(fuel(), used);
  EXPECT_EQ(sandbox->memory().size(), size);
  EXPECT_FALSE(sandbox->growth_was_refused());
  EXPECT_EQ(value("grow", {1}), 1U) << "it may grow again";
  EXPECT_GT(fuel(), used);
}

TEST_F(SandboxTest, SeedDeterminesRandomness) {
  const auto draw = [&](std::optional<std::uint64_t> seed) {
    reset();
    environment.seed = seed;
    sandbox->attach(environment);
    return call("random").value;
  };
  const std::uint64_t first = draw(7);
  EXPECT_EQ(draw(7), first);
  EXPECT_NE(draw(8), first);
  EXPECT_NE(draw(std::nullopt), draw(std::nullopt));
}

TEST_F(SandboxTest, UsageCountsDirtyPagesAndPeakMemory) {
  value("bump");  // pages 0 and 12
  value("grow", {2});
  Usage usage;
  sandbox->measure(usage);
  EXPECT_EQ(usage.dirty_pages, 2U);
  EXPECT_EQ(usage.peak_memory, bytes(2 * kWasmPageSize)) << "what the template brings is not its";
  EXPECT_FALSE(usage.fuel.has_value());
}

TEST_F(SandboxTest, MemoryLimitCountsWhatIsAddedToTheTemplate) {
  use_template(32 * kWasmPageSize);
  ASSERT_TRUE(Sandbox::load(loaded, limits).ok()) << "the template is larger than the limit";
  sandbox = Sandbox::load(loaded, limits).value();
  enter();
  EXPECT_EQ(value("grow", {16}), 32U);
  EXPECT_EQ(value("grow", {1}), ~0U);
  Usage usage;
  sandbox->measure(usage);
  EXPECT_EQ(usage.peak_memory, mib(1));
}

TEST_F(SandboxTest, LimitBelowWhatASessionHasAddedSaysHowMuchIsNeeded) {
  use_template(32 * kWasmPageSize);
  auto revision = std::make_shared<image::Image>(*loaded.image);
  revision->template_image = loaded.image;
  revision->pages = revision->pages->with({}, 64 * kWasmPageSize);
  loaded.image = revision;
  const Status status = Sandbox::load(loaded, limits).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  for (const char* part : {"\"large\"", "limit is 1 MiB", "from 2 MiB", "--memory MB"}) {
    EXPECT_NE(message_of(status).find(part), std::string_view::npos) << status;
  }
  limits.memory = mib(2);
  EXPECT_TRUE(Sandbox::load(loaded, limits).ok());
}

TEST_F(SandboxTest, LimitsOutOfBoundsAreRefused) {
  limits.memory = bytes(1);
  EXPECT_EQ(Sandbox::load(loaded, limits).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SandboxTest, FilesLimitHolds) {
  limits.files = kib(1);
  sandbox = Sandbox::load(loaded, limits).value();
  const std::string large(4096, 'x');
  EXPECT_EQ(wasi::add_file(sandbox->state().files(), "/f", as_bytes(large)).code(),
            StatusCode::kResourceExhausted);
}

TEST_F(SandboxTest, CapturedStateGoesOnWhereItWas) {
  value("bump");
  ASSERT_TRUE(wasi::add_file(sandbox->state().files(), "/kept", as_bytes("file")).ok());
  const auto path = directory / "second.image";
  ASSERT_TRUE(sandbox->capture(path, loaded.image->manifest).ok());
  LoadedImage second;
  second.program = loaded.program;
  second.image = image::open_image(path).value();
  second.state = wasi::decode(as_bytes(second.image->manifest.host_state), nullptr).value();
  sandbox = Sandbox::load(second, limits).value();
  enter();
  EXPECT_EQ(value("load", {50000}), 1U);
  EXPECT_EQ(value("bump"), 42U);
  EXPECT_EQ(wasi::read_file(sandbox->state().files(), "/kept", kib(1)).value(), "file");
  sandbox.reset();
}

TEST_F(SandboxTest, GuestThatTrappedIsNotCaptured) {
  call("trap");
  EXPECT_EQ(sandbox->capture(directory / "x.image", {}).code(), StatusCode::kFailedPrecondition);
}

TEST_F(SandboxTest, PlacedBytesLieWhereTheGuestSays) {
  EXPECT_EQ(sandbox->place("abcd").value(), 1024U);
  EXPECT_EQ(value("load", {1024}), 0x64636261U);
}

TEST_F(SandboxTest, BytesThatDoNotFitAreNotPlaced) {
  const std::string large(kWasmPageSize, 'x');
  EXPECT_EQ(sandbox->place(large).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(value("load", {16}), 0x6C6C6568U) << "and the guest goes on";
}

// The call_handler: host.call(frame, length, where the answer's address goes, where its length
// goes).

constexpr std::uint64_t kMinus1 = 0xFFFFFFFF;
constexpr std::uint64_t kMinus2 = 0xFFFFFFFE;

TEST_F(SandboxTest, DoorAnswersAFrame) {
  environment.call_handler = &call_handler;
  enter();
  EXPECT_EQ(value("knock", {64, 4, 128, 132}), 0U);
  EXPECT_EQ(call_handler.frames, std::vector<std::string>{"ping"});
  EXPECT_EQ(value("load", {128}), 1024U);
  EXPECT_EQ(value("load", {132}), 4U);
  EXPECT_EQ(value("load", {1024}), 0x676E6F70U);  // "pong"
}

TEST_F(SandboxTest, WithoutADoorTheCallIsRefused) {
  EXPECT_EQ(value("knock", {64, 4, 128, 132}), kMinus1);
}

TEST_F(SandboxTest, DoorThatFailsRefusesTheCall) {
  environment.call_handler = &call_handler;
  enter();
  call_handler.reply = absl::InternalError("no");
  EXPECT_EQ(value("knock", {64, 4, 128, 132}), kMinus1);
  call_handler.reply = std::string(HostCallHandler::kMaxFrame + 1, 'x');
  EXPECT_EQ(value("knock", {64, 4, 128, 132}), kMinus1);
}

TEST_F(SandboxTest, DoorFaultsOnBadPointers) {
  environment.call_handler = &call_handler;
  enter();
  const std::vector<std::uint64_t> kBad[] = {
      {65536, 1, 128, 132},      {65533, 4, 128, 132},     {0xFFFFFFFF, 0xFFFFFFFF, 128, 132},
      {0, 0xFFFFFFFF, 128, 132}, {64, 4, 65533, 132},      {64, 4, 0xFFFFFFFF, 132},
      {64, 4, 128, 65533},       {64, 4, 128, 0xFFFFFFFC},
  };
  for (const auto& arguments : kBad) EXPECT_EQ(value("knock", arguments), kMinus2);
  EXPECT_TRUE(call_handler.frames.empty());
}

TEST_F(SandboxTest, FrameAtTheEndOfMemoryIsTaken) {
  environment.call_handler = &call_handler;
  enter();
  EXPECT_EQ(value("knock", {65536, 0, 65532, 65528}), 0U);
  EXPECT_EQ(call_handler.frames, std::vector<std::string>{""});
}

TEST_F(SandboxTest, TooLargeAFrameIsAFault) {
  limits.memory = mib(80);
  sandbox = Sandbox::load(loaded, limits).value();
  environment.call_handler = &call_handler;
  enter();
  ASSERT_EQ(value("grow", {1100}), 1U);
  EXPECT_EQ(value("knock", {0, HostCallHandler::kMaxFrame + 1, 128, 132}), kMinus2);
  EXPECT_TRUE(call_handler.frames.empty());
}

TEST_F(SandboxTest, AnswerThatTheGuestHasNoRoomForIsAFault) {
  environment.call_handler = &call_handler;
  enter();
  call_handler.reply = std::string(kWasmPageSize, 'x');
  EXPECT_EQ(value("knock", {64, 4, 128, 132}), kMinus2);
}

TEST_F(SandboxTest, TrapInTheGuestsAllocatorIsNoCompletion) {
  environment.call_handler = &call_handler;
  enter();
  value("arm");
  const CallEnd end = call("knock", {64, 4, 128, 132});
  EXPECT_NE(end.kind, CallEnd::Kind::kReturned) << "a guest whose frames are lost must not go on";
  const Outcome outcome = outcome_of(end);
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_NE(outcome.exit_code, 0);
  reset();
  EXPECT_EQ(value("bump"), 41U);
}

TEST_F(SandboxTest, RunsGoOnFromTheStateThatHasSettled) {
  EXPECT_EQ(value("bump"), 41U);
  auto state = sandbox->captured();
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(sandbox->may_settle(*state));
  ASSERT_TRUE(sandbox->set_baseline(*state).ok());
  EXPECT_EQ(value("bump"), 42U);
  state = sandbox->captured();
  EXPECT_EQ(state->globals, (std::vector<image::Global>{{"count", 42}, {"alloc_traps", 0}}));
  reset();
  EXPECT_EQ(value("bump"), 42U) << "a reset goes back to 41";
  call("trap");
  EXPECT_FALSE(sandbox->may_settle(*state));
}

TEST_F(SandboxTest, AnotherHostStateTakesThePlaceOfTheOneThatHasSettled) {
  value("bump");
  ASSERT_TRUE(sandbox->set_baseline(*sandbox->captured()).ok());
  wasi::HostState other = sandbox->state();
  other.files().set_quotas({});
  ASSERT_TRUE(wasi::add_file(other.files(), "/new", as_bytes("file")).ok());
  sandbox->replace_state(other);
  EXPECT_TRUE(wasi::locate(sandbox->state().files(), "/new").ok());
  EXPECT_EQ(sandbox->state().files().quotas().file_bytes, limits.files) << "the sandbox's own";
  EXPECT_EQ(value("bump"), 42U);
  reset();
  EXPECT_TRUE(wasi::locate(sandbox->state().files(), "/new").ok());
  EXPECT_EQ(value("bump"), 42U);
}

TEST_F(SandboxTest, ARebasedSandboxIsAsOneThatWasLoaded) {
  image::EditsBuilder edits;
  edits.add(16, "HELLO");
  auto image = std::make_shared<image::Image>(*loaded.image);
  image->pages = image->pages->with(std::move(edits).finish(), 2 * kWasmPageSize);
  image->manifest.globals = {{"count", 70}, {"alloc_traps", 0}};
  LoadedImage second = loaded;
  second.image = image;
  ASSERT_TRUE(wasi::add_file(second.state.files(), "/kept", as_bytes("file")).ok());
  for (const char* last : {"bump", "trap", "store"}) {
    call("bump");
    if (last == std::string_view("trap")) call("trap");
    if (last == std::string_view("store")) call("grow", {3});
    ASSERT_TRUE(sandbox->switch_image(second, limits).ok()) << last;
    enter();
    EXPECT_EQ(sandbox->memory().size(), 2 * kWasmPageSize);
    call("hello");
    EXPECT_EQ(output.out, "HELLO\n") << last;
    output.out.clear();
    EXPECT_EQ(value("bump"), 71U);
    EXPECT_TRUE(wasi::read_file(sandbox->state().files(), "/kept", kib(1)).ok());
    ASSERT_TRUE(sandbox->switch_image(loaded, limits).ok()) << last;
    enter();
    EXPECT_EQ(sandbox->memory().size(), kWasmPageSize) << last;
    EXPECT_TRUE(is_as_template());
    EXPECT_EQ(value("bump"), 41U);
    EXPECT_FALSE(wasi::read_file(sandbox->state().files(), "/kept", kib(1)).ok());
  }
  Limits tight = limits;
  tight.memory = bytes(kWasmPageSize);
  ASSERT_TRUE(sandbox->switch_image(loaded, tight).ok());
  EXPECT_EQ(value("grow", {1}), 1U);
  EXPECT_EQ(value("grow", {1}), ~0U) << "the new limit holds";
  ASSERT_TRUE(sandbox->switch_image(loaded, limits).ok());
  EXPECT_EQ(value("bump"), 41U);
  second.program = program();
  EXPECT_EQ(sandbox->switch_image(second, limits).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(value("bump"), 42U) << "it is as it was";
}

// A module that is not hollow: no image, a start function, data of its own.

TEST(CommandSandboxTest, StartFunctionSeesTheWorld) {
  auto compiled = engine::testing::compile_text(R"((module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "started") (data (i32.const 32) "\10\00\00\00\07\00\00\00")
      (func $s (drop (call $fd_write (i32.const 2) (i32.const 32) (i32.const 1) (i32.const 48))))
      (start $s) (func (export "_start"))))");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  LoadedImage loaded;
  loaded.program = engine::Program::link(*std::move(compiled), host_functions()).value();
  KeptOutput output;
  wasi::NoInput input;
  RunEnvironment environment;
  environment.output = &output;
  environment.input = &input;
  const auto sandbox = Sandbox::load(loaded, Limits{}, &environment);
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  EXPECT_EQ((*sandbox)->start_end().kind, CallEnd::Kind::kReturned);
  EXPECT_EQ(output.err, "started");
  ASSERT_TRUE((*sandbox)->reset().ok());
  EXPECT_EQ(output.err, "startedstarted") << "a reset without an image starts anew";
}

TEST(HostFunctionsTest, AreWasiAndTheHostCall) {
  const auto functions = host_functions();
  EXPECT_EQ(functions.size(), wasi::calls().size() + 1);
  EXPECT_EQ(functions.back().module, "host");
}

}  // namespace
}  // namespace skerry::sandbox
