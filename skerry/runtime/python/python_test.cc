// SPDX-License-Identifier: Apache-2.0
// Needs a Home that was set up: SKERRY_HOME in the environment, as ctest passes it on.
#include "skerry/runtime/python/python.h"

#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/base/utf8.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/runtime/registry.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::runtime {
namespace {

using sandbox::Outcome;
using sandbox::OutcomeKind;
using LastValue = Program::LastValue;

class KeptOutput final : public wasi::OutputSink {
 public:
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override {
    (stream == wasi::Stream::kStdout ? out : err) += as_text(bytes);
    return ok_status();
  }
  std::string out;
  std::string err;
};

class PythonTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* home = std::getenv("SKERRY_HOME");
    if (home == nullptr || *home == '\0') return;
    auto opened = bundled_in(Home{home}).open("python-data", engine::Metering::kNone);
    open_status = opened.status();
    if (opened.ok()) loaded = opened->release();
  }
  static void TearDownTestSuite() {
    delete loaded;
    loaded = nullptr;
  }

  void SetUp() override {
    ASSERT_TRUE(open_status.ok())
        << "SKERRY_HOME must name a home that `skerry setup` has prepared: " << open_status;
    load(sandbox::Limits{});
  }

  void load(const sandbox::Limits& limits) {
    auto made = sandbox::Sandbox::load(*loaded, limits);
    ASSERT_TRUE(made.ok()) << made.status();
    sandbox = *std::move(made);
  }

  /// A fresh run: in a sandbox that was just reset.
  Outcome run(const std::string& code, LastValue last_value = LastValue::kIgnored) {
    Program program;
    program.code = code;
    program.last_value = last_value;
    return run(program);
  }
  Outcome run(const Program& program) {
    reset();
    output.out.clear();
    output.err.clear();
    environment.output = &output;
    environment.input = &input;
    auto outcome = python_runtime()->run(*sandbox, program, environment, Randomness::kFresh);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.value_or(Outcome{});
  }

  image::LinearMemory::ResetCost reset() {
    const auto cost = sandbox->reset();
    EXPECT_TRUE(cost.ok()) << cost.status();
    return cost.value_or(image::LinearMemory::ResetCost{});
  }

  static std::span<const std::byte> pristine() { return loaded->image->base->bytes(); }

  inline static Status open_status = absl::FailedPreconditionError("it is not set");
  inline static sandbox::LoadedImage* loaded = nullptr;

  std::unique_ptr<sandbox::Sandbox> sandbox;
  KeptOutput output;
  wasi::NoInput input;
  sandbox::RunEnvironment environment;
};

// What every secret begins with, in pieces so that no literal of the test's own holds it.
const std::string kMark = std::string("qZ7vK2xW") + "mR9tB4yN";

/// Plants a secret wherever a program can, then ends as `ending` says.
std::string planting(const std::string& secret, std::string_view ending) {
  return "S = '" + secret +
         "'\n"
         "import builtins, os, sys\n"
         "B = S.encode()\n"
         "kept = [S + str(i) for i in range(50)]\n"
         "builtins.leak = {S: B}\n"
         "os.environ['LEAK'] = S\n"
         "sys.modules['leak_' + S] = builtins\n"
         "with open('/tmp/leak', 'w') as file: file.write(S * 100)\n"
         "os.makedirs('/tmp/' + S)\n"
         "freed = bytearray(B * 2000)\n"
         "del freed\n"
         "def deep(n, text):\n"
         "    held = text + str(n)\n"
         "    return deep(n - 1, text) if n else len(held)\n"
         "deep(150, S)\n"
         "print(len(S))\n" +
         std::string(ending);
}

bool holds_mark(std::span<const std::byte> bytes) {
  return ::memmem(bytes.data(), bytes.size(), kMark.data(), kMark.size()) != nullptr;
}

TEST_F(PythonTest, NothingOfARunIsLeftInTenThousand) {
  constexpr int kRuns = 10'000;
  // Every page that may differ from the template is a private one: found by a tracker of our own,
  // which the reset does not use, and compared after every run. The whole memory is compared and
  // searched now and then.
  auto tracker = image::DirtyPages::open(
      {sandbox->linear_memory().base(), pristine().size()},
      [](std::size_t page) { return pristine().data() + page * kPageSize; });
  ASSERT_TRUE(tracker.ok()) << tracker.status();
  ASSERT_FALSE(holds_mark(pristine()));
  const wasi::HostState state = sandbox->state();
  const std::string encoded = wasi::encode(state).value();
  std::mt19937_64 random(std::random_device{}());
  for (int i = 1; i <= kRuns; ++i) {
    const std::string secret = kMark + std::to_string(i) + "x" + std::to_string(random());
    std::string ending;
    OutcomeKind expected = OutcomeKind::kFailed;
    if (i % 500 == 0) {
      ending = "os._exit(7)\n";
    } else if (i % 200 == 0) {
      ending = "grown = bytearray(B * (2 << 20))\nprint(len(grown))\n";
      expected = OutcomeKind::kCompleted;
    } else if (i % 20 == 0) {
      ending =
          "import numpy\na = numpy.frombuffer(B * 500, "
          "dtype=numpy.uint8).copy()\nprint(int(a.sum()))\n";
      expected = OutcomeKind::kCompleted;
    } else if (i % 4 == 1) {
      ending = "raise ValueError(S)\n";
    } else if (i % 4 == 2) {
      ending = "sys.exit(S)\n";
    } else {
      expected = OutcomeKind::kCompleted;
    }
    const Outcome outcome = run(planting(secret, ending));
    ASSERT_EQ(outcome.kind, expected) << "run " << i << ": " << outcome.message << output.err;
    if (i % 1000 == 1) {
      ASSERT_TRUE(holds_mark(sandbox->memory())) << "the search would find it";
    }

    reset();
    ASSERT_EQ(sandbox->memory().size(), pristine().size());
    const auto* memory = sandbox->memory().data();
    const auto runs = tracker->scan();
    ASSERT_TRUE(runs.ok()) << runs.status();
    for (const PageRun& pages : *runs) {
      const std::size_t at = pages.first * kPageSize;
      ASSERT_EQ(std::memcmp(memory + at, pristine().data() + at, pages.count * kPageSize), 0)
          << "run " << i;
    }
    ASSERT_TRUE(sandbox->state().files().is_same_as(state.files())) << "run " << i;
    if (i % 1000 != 0) continue;
    ASSERT_EQ(std::memcmp(memory, pristine().data(), pristine().size()), 0) << "run " << i;
    ASSERT_FALSE(holds_mark(sandbox->memory()));
    const std::string now = wasi::encode(sandbox->state()).value();
    ASSERT_EQ(now, encoded) << "run " << i;
    ASSERT_FALSE(holds_mark(as_bytes(now)));
  }
  // Globals are out of reach but in a capture.
  const TestDirectory directory;
  ASSERT_TRUE(sandbox->capture(directory / "after.image", loaded->image->manifest).ok());
  EXPECT_EQ(image::open_image(directory / "after.image").value()->manifest.globals,
            loaded->image->manifest.globals);
}

TEST_F(PythonTest, ThousandRunsDrawThousandDifferentNumbers) {
  std::vector<std::set<std::string>> drawn(6);
  for (int i = 0; i < 1000; ++i) {
    const Outcome outcome =
        run("import random, numpy, uuid, secrets, tempfile\n"
            "print(random.random(), numpy.random.rand(), uuid.uuid4(), secrets.token_hex(16), "
            "tempfile.mktemp(),\n"
            "      numpy.random.default_rng().random())\n");
    ASSERT_EQ(outcome.kind, OutcomeKind::kCompleted) << output.err;
    std::istringstream words(output.out);
    for (auto& numbers : drawn) {
      std::string word;
      words >> word;
      numbers.insert(word);
    }
  }
  for (std::size_t i = 0; i < drawn.size(); ++i)
    EXPECT_EQ(drawn[i].size(), 1000U) << "column " << i;
}

TEST_F(PythonTest, SeedAndClockGiveEqualBytes) {
  const std::string code =
      "import datetime, os, random, secrets, tempfile, time, uuid, numpy\n"
      "print(random.random(), secrets.token_hex(), uuid.uuid1(), uuid.uuid4(), tempfile.mktemp(), "
      "os.urandom(9))\n"
      "print(numpy.random.rand(3), numpy.random.default_rng().random(2), time.time(), "
      "time.monotonic(), time.perf_counter_ns())\n"
      "time.sleep(2)\n"
      "print(datetime.datetime.now(), [hash(str(i)) for i in range(3)], id(object()))\n";
  const auto run_with = [&](std::uint64_t seed) {
    environment.seed = seed;
    environment.fixed_clock = std::chrono::seconds(1'700'000'000);
    EXPECT_EQ(run(code).kind, OutcomeKind::kCompleted) << output.err;
    return output.out;
  };
  const std::string first = run_with(7);
  EXPECT_EQ(run_with(7), first);
  run("import os\nos._exit(1)");
  EXPECT_EQ(run_with(7), first) << "in another instance, too";
  EXPECT_NE(run_with(8), first);
  EXPECT_NE(first.find("2023-11-14"), std::string::npos) << first;
}

TEST_F(PythonTest, HeavyRunDoesNotBurdenLaterResets) {
  for (int i = 0; i < 50; ++i) run("print(2+2)");
  const std::size_t usual = reset().dirty;
  run("import gc, sys\ngc.unfreeze()\nsys.modules.clear()\ngc.collect()\nx = [bytes(200) for _ in "
      "range(200_000)]\n");
  sandbox::Usage usage;
  sandbox->measure(usage);
  ASSERT_GT(usage.dirty_pages, 1024U) << "that was no heavy run";
  reset();
  for (int i = 0; i < 3; ++i) {
    run("print(2+2)");
    sandbox->measure(usage);
    EXPECT_LE(reset().dirty, usual * 2 + 64) << "reset " << i;
  }
}

TEST_F(PythonTest, CompletedRunSaysNothingMore) {
  const Outcome outcome = run("print(2+2)");
  EXPECT_EQ(output.out, "4\n");
  EXPECT_EQ(output.err, "");
  EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.message, "");
  EXPECT_FALSE(outcome.result || outcome.exception || outcome.limit);
}

TEST_F(PythonTest, UncaughtExceptionIsDescribed) {
  const Outcome outcome = run("def f(n):\n    return 1 / n\nprint('before')\nf(0)\n");
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(outcome.exit_code, 1);
  ASSERT_TRUE(outcome.exception.has_value());
  EXPECT_EQ(outcome.exception->type, "ZeroDivisionError");
  EXPECT_EQ(outcome.message, "ZeroDivisionError: " + outcome.exception->message);
  ASSERT_EQ(outcome.exception->frames.size(), 2U);
  EXPECT_EQ(outcome.exception->frames[0].line, 4);
  EXPECT_EQ(outcome.exception->frames[1].function, "f");
  EXPECT_EQ(outcome.exception->frames[1].source, "return 1 / n");
  EXPECT_EQ(output.out, "before\n");
  EXPECT_TRUE(
      output.err.starts_with("Traceback (most recent call last):\n  File \"<string>\", line 4"))
      << output.err;
}

TEST_F(PythonTest, SyntaxErrorNamesItsLine) {
  const Outcome outcome = run("x = 1\nif x\n    pass\n");
  EXPECT_EQ(outcome.exit_code, 1);
  ASSERT_TRUE(outcome.exception.has_value());
  EXPECT_EQ(outcome.exception->type, "SyntaxError");
  ASSERT_EQ(outcome.exception->frames.size(), 1U);
  EXPECT_EQ(outcome.exception->frames[0].line, 2);
}

TEST_F(PythonTest, LastExpressionsValueIsReturned) {
  EXPECT_EQ(run("x = 20\nx * 2 + 2", LastValue::kReturned).result, "42");
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(run("'a' + 'b'", LastValue::kPrintedAndReturned).result, "'ab'");
  EXPECT_EQ(output.out, "'ab'\n");
  EXPECT_FALSE(run("None", LastValue::kReturned).result.has_value());
  EXPECT_FALSE(run("x = 1", LastValue::kReturned).result.has_value());
}

TEST_F(PythonTest, LongResultIsCutBetweenCharacters) {
  const Outcome outcome = run("'\\u00e9' * 800_000", LastValue::kReturned);
  ASSERT_TRUE(outcome.result.has_value());
  EXPECT_LE(outcome.result->size(), std::size_t{1} << 20);
  EXPECT_TRUE(is_utf8(*outcome.result)) << "the run's channel takes text only";
}

TEST_F(PythonTest, ExitCodesAreThoseOfPython) {
  EXPECT_EQ(run("import sys; sys.exit(3)").exit_code, 3);
  EXPECT_EQ(run("import sys; sys.exit()").kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run("import sys; sys.exit('why')").exit_code, 1);
  EXPECT_EQ(output.err, "why\n");
  EXPECT_EQ(run("import sys; sys.exit(256 + 5)").exit_code, 5);
  EXPECT_EQ(run("raise KeyboardInterrupt").exit_code, 130);
  EXPECT_EQ(run("import os; os._exit(9)").exit_code, 9);
}

TEST_F(PythonTest, MemoryErrorNamesTheLimit) {
  const Outcome outcome = run("x = bytearray(1 << 30)");
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
  ASSERT_TRUE(outcome.exception && outcome.limit);
  EXPECT_EQ(outcome.exception->type, "MemoryError");
  EXPECT_EQ(outcome.limit->limit, "memory");
  EXPECT_NE(outcome.message.find("256 MiB"), std::string::npos) << outcome.message;
}

TEST_F(PythonTest, ArgumentsAndEnvironmentAreTheRunsAlone) {
  Program program;
  program.code = "import os, sys\nprint(sys.argv, os.environ['A'], __file__)";
  program.name = "dir/p.py";
  program.has_file = true;
  program.arguments = {"dir/p.py", "one", "\xC3\xA9"};
  program.environment = {{"A", "b=c"}};
  run(program);
  EXPECT_EQ(output.out, "['dir/p.py', 'one', '\xC3\xA9'] b=c dir/p.py\n") << output.err;
  run("import os, sys\nprint(sys.argv, os.environ.get('A'), '__file__' in globals())");
  EXPECT_EQ(output.out, "['-c'] None False\n");
}

TEST_F(PythonTest, ProgramsOwnReportsCannotBreakTheHost) {
  // A hostile program talks through the call_handler itself.
  for (const char* frame : {"b'd'", "b'd[]'", "b'd{\"exit_code\": \"x\"}'",
                            "b'd{\"exception\": {\"frames\": [1, {}]}}'", "b'd' + b'[' * 200_000",
                            "b''", "b'zzz'", "b'd{\"result\": 5}'", "b'd\\xff\\xfe'"}) {
    const Outcome outcome = run("import _host\ntry:\n    _host.call(" + std::string(frame) +
                                ")\nexcept Exception: pass\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::kCompleted) << frame << ": " << outcome.message;
    EXPECT_EQ(outcome.exit_code, 0) << frame;
  }
}

}  // namespace
}  // namespace skerry::runtime
