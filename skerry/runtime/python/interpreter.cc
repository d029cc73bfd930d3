// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/interpreter.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/base/sha256.h"
#include "skerry/runtime/python/display_frame.h"
#include "skerry/runtime/python/file_requests.h"
#include "skerry/runtime/python/free_memory.h"
#include "skerry/runtime/python/guest.h"

namespace skerry::runtime::python {
namespace {

using nlohmann::json;
using sandbox::Outcome;
using sandbox::OutcomeKind;

// One more than the 32-bit words of a Mersenne Twister's key, times four, would be its position: we
// replace the key alone.
constexpr std::size_t kTwisterKey = 624 * 4;
// How far behind an object's address its key may lie: behind the object's header.
constexpr std::size_t kTwisterReach = 8192;
constexpr std::string_view kTwisterFact = "random state ";

constexpr std::uint32_t kMaxReportText = 1 << 20;

// A frame that is no program: the guest is to free what nothing refers to. Earlier templates'
// guests also overwrite some of what is free.
constexpr std::string_view kZeroFreeMemory = "{\"zero_free_memory\":true}\n";

/// JSON of a guest's: parsed without exceptions, used field by field with its type checked.
std::string text_field(const json& object, const char* key) {
  const auto field = object.find(key);
  if (field == object.end() || !field->is_string()) return {};
  const std::string& text = field->get_ref<const std::string&>();
  return std::string(clip(text, kMaxReportText));
}

std::int64_t integer_field(const json& object, const char* key, std::int64_t fallback) {
  const auto field = object.find(key);
  return field != object.end() && field->is_number_integer() ? field->get<std::int64_t>()
                                                             : fallback;
}

/// The field's elements, if it is a list; else none.
const json& list_field(const json& object, const char* key) {
  static const json kNone = json::array();
  const auto field = object.find(key);
  return field != object.end() && field->is_array() ? *field : kNone;
}

/// Frames and notes of an exception or a cause.
void read_parts(const json& object, auto& into) {
  constexpr std::size_t kMax = 128;
  for (const json& frame : list_field(object, "frames")) {
    if (!frame.is_object() || into.frames.size() >= kMax) continue;
    into.frames.push_back({.file = text_field(frame, "file"),
                           .line = integer_field(frame, "line", 0),
                           .function = text_field(frame, "function"),
                           .source = text_field(frame, "source")});
  }
  for (const json& note : list_field(object, "notes")) {
    if (note.is_string() && into.notes.size() < kMax) into.notes.push_back(note.get<std::string>());
  }
}

sandbox::Exception exception_of(const json& object) {
  constexpr std::size_t kMaxCauses = 16;
  sandbox::Exception exception{.type = text_field(object, "type"),
                               .message = text_field(object, "message"),
                               .is_memory = object.value("is_memory", json()) == true,
                               .hint = text_field(object, "hint"),
                               .frames = {}};
  read_parts(object, exception);
  for (const json& cause : list_field(object, "causes")) {
    if (!cause.is_object() || exception.causes.size() >= kMaxCauses) continue;
    auto& added = exception.causes.emplace_back();
    added.is_context = cause.value("relation", json()) == "context";
    added.type = text_field(cause, "type");
    added.message = text_field(cause, "message");
    read_parts(cause, added);
  }
  return exception;
}

/// The first line of a frame: what differs from the default.
std::string header_of(const Program& program, Program::Shows shows) {
  json header = json::object();
  if (!program.name.empty()) header["name"] = program.name;
  if (program.is_continued) header["continued"] = true;
  if (shows == Program::Shows::kImages) header["displays"] = "images";
  if (shows == Program::Shows::kAll) header["displays"] = "all";
  if (shows != Program::Shows::kNothing && program.shows_sixels) header["sixels"] = true;
  if (program.has_file) header["file"] = true;
  if (!program.arguments.empty()) header["argv"] = program.arguments;
  if (!program.environment.empty()) header["env"] = program.environment;
  if (program.last_value != Program::LastValue::kIgnored) header["want_result"] = true;
  if (program.last_value == Program::LastValue::kPrintedAndReturned) header["echo"] = true;
  // Arguments may be any bytes; the guest sees what it would see of a file name it cannot decode.
  return header.empty() ? std::string()
                        : header.dump(-1, ' ', true, json::error_handler_t::replace);
}

/// How a caller hands something in, in its own words: the first for the command line, the second
/// for who has no options. There is nothing that takes files with a run there.
std::string words_for(std::string_view what, sandbox::LimitWords words) {
  struct Way {
    std::string_view what;
    std::string_view option;
    std::string_view parameter;
  };
  static constexpr std::array kWays{
      Way{"stdin", "--stdin FILE, or a pipe", "\"stdin\": TEXT"},
      Way{"files", "--dir HOST::GUEST",
          "in \"code\" or \"stdin\", or as files of the session (FileWrite)"},
      Way{"modules",
          "--dir HOST::GUEST --env PYTHONPATH=GUEST; packages of PyPI go into a template: skerry "
          "template build NAME --pip PACKAGE",
          "as files of the session (FileWrite)"},
  };
  for (const Way& way : kWays) {
    if (way.what == what) {
      return std::string(words == sandbox::LimitWords::kOptions ? way.option : way.parameter);
    }
  }
  return {};
}

/// Takes what skerry.py tells during one run.
class ProgramCallHandler final : public sandbox::HostCallHandler {
 public:
  ProgramCallHandler(sandbox::Sandbox& sandbox, sandbox::DisplaySink* displays)
      : sandbox_(sandbox), displays_(displays) {}

  Result<std::string> answer(std::string_view frame) override {
    if (auto answer = answer_file_request(frame, sandbox_.state())) return std::move(*answer);
    if (frame.starts_with('w')) return words_for(frame.substr(1), sandbox_.limits().words);
    if (frame == "f") return std::string(has_file_to_write() ? "1" : "");
    if (frame.starts_with('B')) return show(frame.substr(1));
    if (!frame.starts_with('d')) return absl::InvalidArgumentError("unknown frame");
    report_ = std::string(frame.substr(1));
    return std::string();
  }

  const std::string& report() const { return report_; }

 private:
  bool has_file_to_write() const {
    bool has = false;
    sandbox_.state().descriptors().visit([&](wasi::Fd, const wasi::Descriptor& open) {
      has |= open.kind == wasi::Descriptor::Kind::kFile && (open.rights & wasi::kFdWrite) != 0;
    });
    return has;
  }

  Result<std::string> show(std::string_view frame) {
    if (displays_ == nullptr) return absl::FailedPreconditionError("nobody takes values");
    SKERRY_ASSIGN(const sandbox::Display display, parse_display_frame(frame));
    Status taken = displays_->displayed(display);
    if (taken.code() == StatusCode::kResourceExhausted) return std::string("full");
    if (!taken.ok()) return taken;
    return std::string();
  }

  sandbox::Sandbox& sandbox_;
  sandbox::DisplaySink* const displays_;
  std::string report_;
};

void read_report(const std::string& report, Outcome& outcome) {
  if (report.empty()) return;
  const json done = json::parse(report, nullptr, /*allow_exceptions=*/false);
  if (!done.is_object()) return;
  outcome.exit_code = static_cast<int>(integer_field(done, "exit_code", 0) & 0xFF);
  if (const auto result = done.find("result"); result != done.end() && result->is_string()) {
    outcome.result = text_field(done, "result");
  }
  if (const auto exception = done.find("exception");
      exception != done.end() && exception->is_object()) {
    outcome.exception = exception_of(*exception);
  }
}

/// The limit that an uncaught exception comes from, if it does, and its value.
std::optional<std::pair<sandbox::LimitName, double>> limit_behind(const sandbox::Sandbox& sandbox,
                                                                  const Outcome& outcome) {
  const sandbox::Limits& limits = sandbox.limits();
  // A MemoryError may be the parser's, for want of stack: only a refused growth is the limit's
  // doing.
  if (outcome.exception->is_memory && sandbox.growth_was_refused()) {
    return std::pair(sandbox::kMemoryLimit, static_cast<double>(limits.memory.value));
  }
  if (outcome.exception->type != "OSError") return std::nullopt;
  switch (sandbox.last_quota_hit()) {
    case wasi::QuotaKind::kFileBytes:
    case wasi::QuotaKind::kFileSize:
    case wasi::QuotaKind::kTotalSize:
      return std::pair(sandbox::kFilesLimit, static_cast<double>(limits.files.value));
    case wasi::QuotaKind::kDescriptors:
      return std::pair(sandbox::kOpenFilesLimit, static_cast<double>(limits.open_files));
    default:
      return std::nullopt;
  }
}

void explain_failure(const sandbox::Sandbox& sandbox, Outcome& outcome) {
  if (outcome.exit_code == 0) return;
  outcome.kind = OutcomeKind::kFailed;
  if (!outcome.exception) {
    outcome.message = fmt::format("exit code {}", outcome.exit_code);
    return;
  }
  outcome.message = outcome.exception->type;
  if (!outcome.exception->message.empty()) outcome.message += ": " + outcome.exception->message;
  const auto hit = limit_behind(sandbox, outcome);
  if (!hit) return;
  outcome.limit = sandbox::LimitHit::of(hit->first, hit->second, sandbox.limits().words);
  outcome.message +=
      fmt::format(" (the {} limit is {}; raise it with {})", hit->first.key,
                  hit->first.unit == "bytes" ? fmt::format("{:g} MiB", hit->second / 1048576)
                                             : fmt::format("{:g} {}", hit->second, hit->first.unit),
                  outcome.limit->option);
}

/// xoshiro256** 1.0 (Blackman and Vigna, 2018, public domain).
std::uint64_t next_random(std::array<std::uint64_t, 4>& s) {
  const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const std::uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = std::rotl(s[3], 45);
  return result;
}

using RandomBits = std::array<std::uint64_t, 4>;

/// Where the keys of the guest's Mersenne Twisters lie, in order.
Result<std::vector<std::uint64_t>> twister_keys(const std::map<std::string, std::string>& facts,
                                                std::uint64_t memory_size) {
  std::vector<std::uint64_t> addresses;
  for (auto fact = facts.lower_bound(std::string(kTwisterFact));
       fact != facts.end() && fact->first.starts_with(kTwisterFact); ++fact) {
    std::uint64_t address = 0;
    const auto* text = fact->second.data();
    std::from_chars(text, text + fact->second.size(), address);
    if (address > memory_size || kTwisterKey > memory_size - address) {
      return absl::DataLossError("the template's fact \"" + fact->first +
                                 "\" is out of its memory");
    }
    addresses.push_back(address);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

void fill_key(std::span<std::byte> key, RandomBits& state) {
  for (std::size_t at = 0; at < key.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = next_random(state);
    std::memcpy(key.data() + at, &word, sizeof word);
  }
}

// A Mersenne Twister is no secret keeper: 256 fresh bits, spread by a quick generator, make its
// states as distinct as 5,000 bytes from the kernel would, in 1 µs instead of 15.
Result<RandomBits> fresh_bits() {
  RandomBits state{};
  wasi::SystemEntropy system;
  SKERRY_TRY(system.fill(std::as_writable_bytes(std::span(state))));
  return state;
}

Status renew_random_states(sandbox::Sandbox& sandbox, const sandbox::RunEnvironment& environment,
                           const std::map<std::string, std::string>& facts) {
  RandomBits state{};
  if (environment.seed) {
    const wasi::Seed seed =
        wasi::seed_of(~*environment.seed);  // not the stream that the guest's own calls draw from
    std::memcpy(state.data(), seed.data(), sizeof state);
  } else {
    SKERRY_ASSIGN(state, fresh_bits());
  }
  const auto memory = sandbox.memory();
  SKERRY_ASSIGN(const auto keys, twister_keys(facts, memory.size()));
  for (const std::uint64_t address : keys) fill_key(memory.subspan(address, kTwisterKey), state);
  return ok_status();
}

/// Takes what the guest says about itself while it is warmed up.
class WarmUpCallHandler final : public sandbox::HostCallHandler {
 public:
  explicit WarmUpCallHandler(sandbox::Sandbox& sandbox) : sandbox_(sandbox) {}

  Result<std::string> answer(std::string_view frame) override {
    if (auto answer = answer_file_request(frame, sandbox_.state())) return std::move(*answer);
    if (frame.starts_with('i')) return immortalise(frame.substr(1));
    if (frame.starts_with('t')) return show_memory(frame.substr(1));
    return note_random_state(frame);
  }

  std::map<std::string, std::string> facts;

 private:
  // "i" addresses, four bytes each: objects whose reference count, their first word, is to stand
  // for ever. CPython 3.15 takes a 32-bit count of 2^30 and more for immortal and does not write it
  // (Include/refcount.h).
  Result<std::string> immortalise(std::string_view addresses) {
    constexpr std::uint32_t kImmortalFrom = 1U << 30;
    constexpr std::uint32_t kImmortal = 5U << 28;
    const auto memory = sandbox_.memory();
    for (std::size_t at = 0; at + 4 <= addresses.size(); at += 4) {
      std::uint32_t address = 0;
      std::memcpy(&address, addresses.data() + at, 4);
      if (address % 4 != 0 || address > memory.size() - 4)
        return absl::InvalidArgumentError("no object's address");
      std::uint32_t count = 0;
      std::memcpy(&count, memory.data() + address, 4);
      if (count < kImmortalFrom) std::memcpy(memory.data() + address, &kImmortal, 4);
    }
    return std::string();
  }

  // "t" address, four bytes: a memoryview of 32-bit words, which becomes one of all memory (word n
  // lies at address 4n). The guest's threads switch by changing words of the interpreter's own
  // state, which no API of CPython reaches. The answer is the address of `_PyRuntime`, where those
  // begin.
  Result<std::string> show_memory(std::string_view argument) {
    // PyMemoryViewObject of CPython 3.15 on a 32-bit machine (Include/cpython/memoryobject.h).
    constexpr std::uint32_t kBuffer = 28, kLength = 36, kItemSize = 40, kDimensions = 48,
                            kShape = 56;
    constexpr std::uint32_t kAllWords = (1U << 30) - 1;
    const auto memory = sandbox_.memory();
    const auto word = [&](std::uint64_t address) -> std::uint32_t {
      std::uint32_t value = 0;
      if (address <= memory.size() - 4) std::memcpy(&value, memory.data() + address, 4);
      return value;
    };
    std::uint32_t view = 0;
    if (argument.size() != sizeof view) return absl::InvalidArgumentError("no view's address");
    std::memcpy(&view, argument.data(), sizeof view);
    const std::uint64_t at = view;
    const std::uint64_t shape = word(at + kShape);
    if (at > memory.size() - kShape - 4 || shape > memory.size() - 4 || word(at + kItemSize) != 4 ||
        word(at + kDimensions) != 1 || word(at + kLength) != word(shape) * 4) {
      return absl::InternalError("a memoryview of CPython is not laid out as expected");
    }
    const std::uint32_t start = 0;
    std::memcpy(memory.data() + at + kBuffer, &start, 4);
    std::memcpy(memory.data() + shape, &kAllWords, 4);
    const auto runtime = as_text(memory).find("xdebugpy");  // _Py_DebugOffsets, its first member
    if (runtime == std::string_view::npos) return absl::InternalError("_PyRuntime was not found");
    return std::to_string(runtime);
  }

  // "r" name NUL address NUL key: where a Mersenne Twister's object lies, and its key to find near
  // it.
  Result<std::string> note_random_state(std::string_view frame) {
    const auto first = frame.find('\0');
    const auto second = first == frame.npos ? frame.npos : frame.find('\0', first + 1);
    if (!frame.starts_with('r') || second == frame.npos ||
        frame.size() - second - 1 != kTwisterKey) {
      return absl::InvalidArgumentError("unknown frame");
    }
    const std::string name(frame.substr(1, first - 1));
    std::uint64_t address = 0;
    const std::string digits(frame.substr(first + 1, second - first - 1));
    std::from_chars(digits.data(), digits.data() + digits.size(), address);
    const std::string_view memory = as_text(sandbox_.memory());
    if (address >= memory.size()) return absl::InvalidArgumentError("address out of memory");
    const auto at = memory.substr(address, kTwisterReach).find(frame.substr(second + 1));
    if (at == memory.npos)
      return absl::InternalError("the random state of " + name + " was not found");
    facts[std::string(kTwisterFact) + name] = std::to_string(address + at);
    return std::string();
  }

  sandbox::Sandbox& sandbox_;
};

/// A program that calls a function of guest/python/skerry.py.
Program library_call(std::string_view function) {
  Program program;
  program.code = fmt::format("import _skerry\n_skerry.{}()", function);
  return program;
}

Result<Outcome> rehearse(sandbox::Sandbox& sandbox, std::string_view code,
                         Program::LastValue last_value,
                         const sandbox::RunEnvironment& environment) {
  Program program;
  program.code = code;
  program.last_value = last_value;
  return run(sandbox, program, environment, Randomness::kKept);
}

/// Keeps what a guest says on its error stream, for the message if its warm-up fails.
class LastWords final : public wasi::OutputSink {
 public:
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override {
    if (stream == wasi::Stream::kStderr && text.size() < 4096) text += as_text(bytes);
    return ok_status();
  }
  std::string text;
};

Status turn(sandbox::Sandbox& sandbox, std::string_view source, const LastWords& words) {
  SKERRY_ASSIGN(const std::uint32_t address, sandbox.place(source));
  const std::array<std::uint64_t, 2> arguments{address, source.size()};
  SKERRY_ASSIGN(const auto end, sandbox.call("turn", arguments));
  if (end.kind == engine::CallEnd::Kind::kReturned && end.value == 0) return ok_status();
  return absl::InternalError(
      fmt::format("warming up Python failed: status {} {} {}", end.value, end.message, words.text));
}

Status start(sandbox::Sandbox& sandbox, const char* function, const LastWords& words) {
  SKERRY_ASSIGN(const auto end, sandbox.call(function, {}));
  if (end.kind == engine::CallEnd::Kind::kReturned) return ok_status();
  return absl::InternalError(
      fmt::format("starting Python failed in {}: {} {}", function, end.message, words.text));
}

// Programs run before the capture, so that what a first run would compute (specialised bytecode,
// caches, the traceback machinery) is in the template. Each runs the way any program does.
constexpr std::array<std::string_view, 4> kRehearsals = {
    "print(2+2)",
    "def f(n):\n    return 1 / n\ntry:\n    f(0)\nexcept ZeroDivisionError as error:\n    "
    "print(error)\nf(0)\n",
    "import json, math\nprint(json.dumps({'a': [1, 2.5, None]}), math.pi, f'{3:>5}')\n[i for i in "
    "range(10)]",
    "import sys\nsys.exit(0)",
};
constexpr std::string_view kDataRehearsal =
    "import numpy as np, pandas as pd\n"
    "a = np.arange(1000)\nprint(int(a.sum()), np.random.rand(2).shape, "
    "np.random.default_rng(1).random(2).shape)\n"
    "d = pd.DataFrame({'x': range(10), 'y': [1.5] * 10, 'g': list('ab') * 5})\n"
    "print(d.groupby('g').sum(), d.describe(), d['x'].sum())\nd._repr_html_()\n";

// From so many changed pages on, 1 MiB, what a run has dropped is worth the time to overwrite it: a
// tenth of a millisecond, and as long as the free memory takes to be written.
constexpr std::size_t kPagesWorthZeroing = 256;

/// Overwrites the memory that the guest has free, so that no revision and no template holds what
/// was there. A guest that cannot free anything any more keeps what it has. Returns whether its
/// heap is one.
bool zero_free_memory(sandbox::Sandbox& sandbox) {
  if (const auto address = sandbox.place(kZeroFreeMemory); address.ok()) {
    (void)sandbox.call_aside("turn",
                             std::array<std::uint64_t, 2>{*address, kZeroFreeMemory.size()});
  }
  return zero_free_chunks(sandbox.memory(), kAllocator);
}

/// Whether the run wrote so much that it may have dropped much. In a session that has just been
/// woken many pages are private that no run wrote.
Result<bool> may_have_dropped(image::LinearMemory& memory) {
  if (memory.has_grown()) return true;
  SKERRY_ASSIGN(const auto written, memory.dirty());
  if (image::count_of(written) < kPagesWorthZeroing) return false;
  SKERRY_ASSIGN(const auto changed, memory.changed());
  return image::count_of(changed) >= kPagesWorthZeroing;
}

/// Overwrites what calls have left on the guest's stack, which is empty now.
void zero_stack(sandbox::Sandbox& sandbox, std::span<const PageRun> written) {
  constexpr std::size_t kStackPages = kStackEnd / kPageSize;
  for (const PageRun& run : written) {
    if (run.first >= kStackPages) return;
    const std::size_t count = std::min(run.count, kStackPages - run.first);
    make_zero(sandbox.memory().subspan(run.first * kPageSize, count * kPageSize));
  }
}

}  // namespace

Result<Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                    sandbox::RunEnvironment environment, Randomness randomness) {
  ProgramCallHandler call_handler(sandbox, environment.displays);
  if (environment.call_handler == nullptr) environment.call_handler = &call_handler;
  sandbox.attach(environment);
  if (randomness == Randomness::kFresh) {
    SKERRY_TRY(renew_random_states(sandbox, environment, sandbox.facts()));
  }
  sandbox.state().restore_streams();
  const Program::Shows shows =
      environment.displays == nullptr ? Program::Shows::kNothing : program.shows;
  const std::string frame = header_of(program, shows) + "\n" + program.code;
  SKERRY_ASSIGN(const std::uint32_t address, sandbox.place(frame));
  const std::array<std::uint64_t, 2> arguments{address, frame.size()};
  SKERRY_ASSIGN(const engine::CallEnd end, sandbox.call("turn", arguments));
  Outcome outcome;
  read_report(call_handler.report(), outcome);
  if (end.kind == engine::CallEnd::Kind::kReturned) {
    // As with any process, the exit code is eight bits; 1 when even `serve` could not cope, as
    // without memory.
    outcome.exit_code = static_cast<int>(end.value & 0xFF);
    explain_failure(sandbox, outcome);
    if (program.is_continued) {
      SKERRY_ASSIGN(const bool is_much, may_have_dropped(sandbox.linear_memory()));
      if (is_much) (void)zero_free_memory(sandbox);
      SKERRY_ASSIGN(const auto written, sandbox.linear_memory().dirty());
      zero_stack(sandbox, written);
    }
  } else {
    sandbox.explain_end(end, outcome);
  }
  return outcome;
}

Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                         std::uint64_t memory_size) {
  SKERRY_ASSIGN(const auto keys, twister_keys(facts, memory_size));
  SKERRY_ASSIGN(RandomBits state, fresh_bits());
  image::EditsBuilder edits;
  std::uint64_t end = 0;
  for (const std::uint64_t address : keys) {
    if (address < end) return absl::DataLossError("the template's random states overlap");
    std::array<std::byte, kTwisterKey> key{};
    fill_key(key, state);
    edits.add(address, as_text(key));
    end = address + kTwisterKey;
  }
  return std::move(edits).finish();
}

Result<std::map<std::string, std::string>> warm_up(sandbox::Sandbox& sandbox,
                                                   const std::vector<std::string>& modules) {
  WarmUpCallHandler call_handler(sandbox);
  LastWords words;
  wasi::NoInput input;
  sandbox::RunEnvironment environment;
  environment.process.arguments = {"/usr/local/bin/python.wasm"};
  environment.process.environment = {"TMPDIR=/tmp", "PYTHONTZPATH=", "HOME=/tmp", "MPLBACKEND=Agg"};
  environment.output = &words;
  environment.input = &input;
  environment.call_handler = &call_handler;
  sandbox.attach(environment);
  SKERRY_TRY(start(sandbox, "_initialize", words));
  SKERRY_TRY(start(sandbox, "wizer.initialize", words));
  SKERRY_TRY(turn(sandbox, guest_source(), words));
  for (const std::string& module : modules) {
    SKERRY_TRY(turn(
        sandbox, "import " + module + "\ndel " + module.substr(0, module.find('.')) + "\n", words));
  }
  SKERRY_TRY(turn(sandbox, library_call("prepare").code, words));
  std::vector<std::string_view> rehearsals(kRehearsals.begin(), kRehearsals.end());
  for (const std::string& module : modules) {
    if (module == "pandas") rehearsals.push_back(kDataRehearsal);
    if (module == "matplotlib.pyplot") rehearsals.push_back(figures_rehearsal());
  }
  for (int round = 0; round < 3; ++round) {
    for (const std::string_view code : rehearsals) {
      const auto last_value =
          round == 1 ? Program::LastValue::kReturned : Program::LastValue::kIgnored;
      environment.call_handler = nullptr;
      SKERRY_TRY(rehearse(sandbox, code, last_value, environment).status());
    }
  }
  environment.call_handler = &call_handler;
  SKERRY_ASSIGN(const Outcome outcome, rehearse(sandbox, library_call("seal").code,
                                                Program::LastValue::kIgnored, environment));
  if (outcome.kind != OutcomeKind::kCompleted) {
    return absl::InternalError("warming up Python failed: " + outcome.message + " " + words.text);
  }
  make_zero(sandbox.memory().first(kStackEnd));
  if (!zero_free_memory(sandbox)) {
    return absl::InternalError("the interpreter's heap is not where this program knows it to be");
  }
  return call_handler.facts;
}

Result<Outcome> add(sandbox::Sandbox& sandbox, const Additions& additions,
                    sandbox::RunEnvironment environment,
                    std::map<std::string, std::string>& facts) {
  Program imports;
  imports.name = "<packages>";
  for (const std::string& each : additions.modules) imports.code += "import " + each + "\n";
  for (const std::string& each : additions.possible_modules) {
    imports.code += "try:\n    import " + each + "\nexcept ImportError:\n    pass\n";
  }
  std::vector<Program> programs{library_call("begin_additions"), std::move(imports)};
  if (additions.program) programs.push_back(*additions.program);
  programs.push_back(library_call("finish_additions"));
  for (Program& each : programs) {
    each.is_continued = true;
    SKERRY_ASSIGN(Outcome outcome, run(sandbox, each, environment, Randomness::kKept));
    if (outcome.kind != OutcomeKind::kCompleted) return outcome;
  }
  WarmUpCallHandler call_handler(sandbox);
  environment.call_handler = &call_handler;
  SKERRY_ASSIGN(Outcome outcome,
                run(sandbox, library_call("end_additions"), environment, Randomness::kKept));
  facts.insert(call_handler.facts.begin(), call_handler.facts.end());
  return outcome;
}

std::string recipe(const std::vector<std::string>& modules) {
  Sha256 hash;
  visit_guest_source([&](std::string_view piece) { hash.update(piece); });
  for (const std::string& module : modules) hash.update(module + "\n");
  for (const std::string_view code : kRehearsals) hash.update(code);
  hash.update(kDataRehearsal);
  hash.update(figures_rehearsal());
  hash.update("recipe 3");
  return hash.hex();
}

}  // namespace skerry::runtime::python
