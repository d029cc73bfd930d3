// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/run_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <set>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/output_queue.h"
#include "skerry/app/terminal.h"
#include "skerry/app/terminal_image.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"
#include "skerry/tool/changed_files.h"
#include "skerry/tool/run_report.h"
#include "skerry/worker/change_export.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;
using sandbox::Outcome;
using sandbox::OutcomeKind;

/// The bounds of a number on the command line, and its unit.
struct Bounds {
  double low;
  double high;
  const char* unit;
};

Result<double> number(const char* option, const std::string& text, const Bounds& bounds) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool is_number =
      !text.empty() && *end == '\0' && std::isspace(static_cast<unsigned char>(text[0])) == 0;
  if (is_number && value >= bounds.low && value <= bounds.high) return value;
  return absl::InvalidArgumentError(fmt::format("{} is \"{}\", expected {:.15g} to {:.15g} {}",
                                                option, text, bounds.low, bounds.high,
                                                bounds.unit));
}

/// Seconds since 1970 with decimals, or "2026-01-31T12:00:00Z".
Result<std::chrono::nanoseconds> parse_clock(const std::string& text) {
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        "--clock is \"" + text +
        "\", expected seconds since 1970 or a time as 2026-01-31T12:00:00Z");
  };
  if (const auto seconds = number("--clock", text, {0, 9e9, "seconds"}); seconds.ok()) {
    // Exact to the microsecond, which is what a double holds of today's times.
    return std::chrono::microseconds(std::llround(*seconds * 1e6));
  }
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (rest == nullptr || *rest != '\0') return wrong();
  const std::tm typed = parts;
  const std::time_t time = ::timegm(&parts);  // turns the 31st of February into the 3rd of March
  if (time < 0 || parts.tm_mday != typed.tm_mday || parts.tm_mon != typed.tm_mon) return wrong();
  return std::chrono::seconds(time);
}

/// A reader that has gone is no failure.
Status write_out(int fd, std::string_view text) {
  const Status written = write_all(fd, as_bytes(text));
  if (written.ok() || written.code() == StatusCode::kUnavailable) return ok_status();
  return annotate(written, fd == STDOUT_FILENO ? "standard output" : "standard error");
}

// How long the output of a run that was cancelled may wait for its reader.
constexpr std::chrono::milliseconds kLastWordsTime{500};

/// Streams to this process's own streams, or collects for one JSON object; and writes changed
/// files.
class Reporter final : public worker::RunObserver {
 public:
  Reporter(const RunOptions& options, const RunParameters& parameters)
      : options_(options), parameters_(parameters) {}

  void output(wasi::Stream stream, std::string_view bytes) override {
    if (options_.json) {
      collected_[stream] += bytes;
      return;
    }
    shown_.add(descriptor_of(stream), bytes);
  }
  bool is_full() const override { return shown_.is_full(); }
  int awaited() const override { return shown_.awaited(); }
  void go_on() override { shown_.write_some(); }
  worker::StreamEnds::State state_of(wasi::Stream stream) const override {
    switch (shown_.failure_of(descriptor_of(stream))) {
      case StatusCode::kOk:
        return worker::StreamEnds::State::kOpen;
      case StatusCode::kUnavailable:
        return worker::StreamEnds::State::kGone;
      default:
        return worker::StreamEnds::State::kFailed;
    }
  }

  void cut(wasi::Stream stream) override {
    cut_.insert(stream);
    output(stream, tool::cut_marker(parameters_.limits));
  }

  void displayed(sandbox::Display&& display) override {
    if (options_.json) {
      displays_.push_back(std::move(display));
    } else {
      show_image(display);
    }
  }

  void changed(const worker::FileChange& change) override {
    if (options_.json) files_.take(change);
    if (parameters_.changes() == worker::FileChanges::kReported) return;
    for (const ImportedDirectory& directory : parameters_.directories) {
      if (!directory.is_writable) continue;
      if (directory.is_file) {
        if (change.path == directory.guest) note(apply_to_file(directory.host, change));
        continue;
      }
      const std::string prefix = directory.guest + "/";
      if (change.path.starts_with(prefix)) note(apply(directory.host, change, prefix.size()));
    }
    if (parameters_.output_directory.empty() || (change.path + "/").starts_with("/tmp/")) return;
    if (change.kind == worker::FileChange::Kind::kRemoved)
      return;  // what never came is not removed
    note(annotate(apply(parameters_.output_directory, change, 1), "--output-dir"));
  }

  void changed_all() override { has_all_changes_ = true; }
  bool has_all_changes() const { return has_all_changes_; }

  /// To be called when the run is over. What a process that ended in mid-sentence was sending is
  /// not whole, and is not written.
  void finish(const Outcome& outcome) {
    for (auto& [root, writer] : writers_) {
      if (has_all_changes_) note(annotate(writer.finish(), "writing results to " + root.native()));
    }
    // Whoever cancels the run may be tired of a reader that takes nothing.
    const bool is_cancelled = outcome.kind == OutcomeKind::kCancelled;
    show_rest(is_cancelled ? std::optional(kLastWordsTime) : std::nullopt);
  }

  /// Waits until the output has been read, for at most so long.
  void show_rest(std::optional<std::chrono::milliseconds> limit = std::nullopt) {
    shown_.write_all(limit);
    note(shown_.failure());
  }

  /// Something of the run is lost, if `status` is not OK.
  void lose(const Status& status) { note(status); }

  /// The first thing that could not be handed on: output, files or a session's state.
  const Status& lost() const { return lost_; }

  std::string json(const Outcome& outcome, const std::optional<SessionReport>& session) const {
    auto json = tool::json_of(tool::RunReport{.outcome = outcome,
                                              .standard_output = kept(wasi::Stream::kStdout),
                                              .standard_error = kept(wasi::Stream::kStderr),
                                              .displays = displays_of(outcome),
                                              .files = files_.tell(),
                                              .has_more_files = files_.has_more(),
                                              .limits = parameters_.limits,
                                              .session = session});
    if (!lost_.ok()) {
      json["exit_code"] = 125;
      json["error"] = std::string(message_of(lost_));
    }
    return dump_json(json);
  }

 private:
  /// Shows the image that a value is, or says where it is.
  void show_image(const sandbox::Display& display) {
    const auto image = std::find_if(
        display.parts.begin(), display.parts.end(),
        [](const auto& part) { return part.type == "image/png" || part.type == "image/jpeg"; });
    if (image == display.parts.end()) return;
    const bool is_png = image->type == "image/png";
    // What is said to the terminal beside the queue must not come amid what is in it.
    const bool may_be_asked = shown_.awaited() < 0;
    const auto protocol = terminal_images_.protocol(may_be_asked);
    if (protocol == ImageProtocol::kSixel) {
      if (show_sixels(display)) return;
    } else if (is_png && protocol) {
      shown_.add(STDOUT_FILENO, image_escape(*protocol, image->content));
      return;
    }
    const auto path = images_.add(is_png ? "png" : "jpg", image->content);
    note(path.status());
    if (path.ok()) shown_.add(STDERR_FILENO, "skerry: image: " + path->native() + "\n");
  }

  /// False for a value that has none, or none that a terminal should see.
  bool show_sixels(const sandbox::Display& display) {
    for (const sandbox::Display::Part& part : display.parts) {
      if (part.type != "image/x-sixel") continue;
      const Result<std::string> escape = sixel_escape(part.content);
      if (escape.ok()) shown_.add(STDOUT_FILENO, *escape);
      return escape.ok();
    }
    return false;
  }

  /// What the program showed, the last expression's value among it.
  std::vector<sandbox::Display> displays_of(const Outcome& outcome) const {
    std::vector<sandbox::Display> all = displays_;
    const bool has_result =
        std::any_of(all.begin(), all.end(), [](const auto& each) { return each.is_result; });
    if (!has_result && outcome.result) all.push_back(sandbox::text_display(*outcome.result, true));
    return all;
  }

  static int descriptor_of(wasi::Stream stream) {
    return stream == wasi::Stream::kStdout ? STDOUT_FILENO : STDERR_FILENO;
  }
  void note(const Status& status) {
    if (lost_.ok()) lost_ = status;
  }

  Result<HostDirectoryWriter*> writer_for(const std::filesystem::path& root) {
    auto writer = writers_.find(root);
    if (writer == writers_.end()) {
      SKERRY_ASSIGN(HostDirectoryWriter opened, HostDirectoryWriter::open(root));
      writer = writers_.emplace(root, std::move(opened)).first;
    }
    return &writer->second;
  }

  Status apply_to_file(const std::filesystem::path& file, const worker::FileChange& change) {
    SKERRY_ASSIGN(HostDirectoryWriter* const writer, writer_for(file.parent_path()));
    return annotate(writer->apply(change, file.filename().native()),
                    "writing results to " + file.native());
  }

  /// `prefix` is how much of paths in the guest is the root's.
  Status apply(const std::filesystem::path& root, const worker::FileChange& change,
               std::size_t prefix) {
    SKERRY_ASSIGN(HostDirectoryWriter* const writer, writer_for(root));
    // What a hard link leads to is the worker's word: it may be nothing of this root's.
    const bool is_here = change.kind == worker::FileChange::Kind::kHardLink &&
                         change.content.starts_with(change.path.substr(0, prefix));
    const std::string linked = is_here ? change.content.substr(prefix) : std::string();
    return annotate(writer->apply(change, change.path.substr(prefix), linked),
                    "writing results to " + root.native());
  }

  tool::KeptOutput kept(wasi::Stream stream) const {
    const auto found = collected_.find(stream);
    return {.text = found == collected_.end() ? std::string() : found->second,
            .was_cut = cut_.contains(stream)};
  }

  const RunOptions& options_;
  const RunParameters& parameters_;
  Status lost_;
  OutputQueue shown_;
  std::map<wasi::Stream, std::string> collected_;
  std::set<wasi::Stream> cut_;
  std::vector<sandbox::Display> displays_;
  tool::ChangedFiles files_;
  ImageFiles images_{parameters_.output_directory};
  TerminalImages terminal_images_{options_.images, STDOUT_FILENO};
  std::map<std::filesystem::path, HostDirectoryWriter> writers_;
  bool has_all_changes_ = false;
};

/// A program's own traceback says enough; what only the sandbox knows is told here.
void tell_people(const Outcome& outcome) {
  const bool told = outcome.kind == OutcomeKind::kCompleted ||
                    (outcome.kind == OutcomeKind::kFailed && !outcome.limit);
  if (told) return;
  const bool colour = shows_colour(STDERR_FILENO);
  std::fputs(fmt::format("{}skerry: {}: {}{}\n", colour ? "\033[33m" : "",
                         sandbox::name_of(outcome.kind), outcome.message, colour ? "\033[0m" : "")
                 .c_str(),
             stderr);
}

void add_limits(CLI::App& command, RunOptions& options) {
  command.add_option("--timeout", options.timeout, "Wall time after which the run is killed [30]")
      ->type_name("S");
  command
      .add_option("--input-timeout", options.input_timeout,
                  "Time that the program may wait for input at a terminal, all waits together; it "
                  "does not count as wall time [3600]")
      ->type_name("S");
  command
      .add_option("--memory", options.memory,
                  "Linear memory in MiB beside the template's; growing beyond it fails, in Python "
                  "with MemoryError [256]")
      ->type_name("MB");
  command
      .add_option(
          "--fuel", options.fuel,
          "Instructions, roughly; `run` compiles CPython anew for it, once and for minutes, "
          "unless `skerry setup --fuel` has")
      ->type_name("N");
  command
      .add_option("--max-output", options.max_output,
                  "Bytes kept of each stream; more is cut with a marker [1048576]")
      ->type_name("BYTES");
  command
      .add_option("--max-files", options.max_files, "Bytes of files, imported ones included [256]")
      ->type_name("MB");
  command.add_option("--max-open-files", options.max_open_files, "Open files [256]")
      ->type_name("N");
  command
      .add_option("--max-table-elements", options.max_table_elements,
                  "Elements of each table of a module; Python has its own limit [" +
                      options.max_table_elements + "]")
      ->type_name("N");
}

}  // namespace

void RunOptions::add_to(CLI::App& command) {
  add_limits(command, *this);
  command.add_option("--stdin", stdin_file, "Standard input from this file")->type_name("FILE");
  command.add_option("--env", environment, "Set an environment variable; repeatable")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command
      .add_option("--dir", directories,
                  "Give the guest a read-only copy of a directory or file; with :rw changes are "
                  "written back; repeatable")
      ->type_name("HOST::GUEST[:rw]")
      ->allow_extra_args(false);
  command
      .add_option(
          "--output-dir", output_directory,
          "Write files that the guest made (outside /tmp) here, by their path in the guest, "
          "over what is there")
      ->type_name("DIR");
  command.add_option("--seed", seed, "Make all randomness follow from this number")->type_name("N");
  command
      .add_option("--clock", clock,
                  "Start the guest's clock at this time and let it stand but for 1 µs a reading")
      ->type_name("T");
  command
      .add_option("--clock-resolution", clock_resolution,
                  "Show times in steps of so many microseconds, which makes a poor stopwatch [the "
                  "host's]")
      ->type_name("US");
  command.add_flag("--require-walls", require_walls,
                   "Run only where every wall of the jail stands (`skerry doctor` tells)");
  command.add_flag("--json", json, "Print one JSON object instead of streaming");
}

Result<sandbox::Limits> RunOptions::limits() const {
  const auto mebibytes = [](double value) {
    return bytes(static_cast<std::uint64_t>(value * 1048576));
  };
  sandbox::Limits limits;
  SKERRY_ASSIGN(const double memory_mib, number("--memory", memory, {1, 4095, "MB"}));
  SKERRY_ASSIGN(const double seconds, number("--timeout", timeout, {0.001, 86'400, "seconds"}));
  SKERRY_ASSIGN(const double input_seconds,
                number("--input-timeout", input_timeout, {0.001, 604'800, "seconds"}));
  SKERRY_ASSIGN(const double files_mib, number("--max-files", max_files, {0, 4096, "MB"}));
  SKERRY_ASSIGN(const std::uint64_t output,
                whole("--max-output", max_output, 0, std::uint64_t{1} << 30, "bytes"));
  SKERRY_ASSIGN(const std::uint64_t open_files,
                whole("--max-open-files", max_open_files, 3, 4096, "files"));
  SKERRY_ASSIGN(const std::uint64_t table_elements,
                whole("--max-table-elements", max_table_elements, 0, 200'000, "elements"));
  if (fuel) {
    SKERRY_ASSIGN(limits.fuel, whole("--fuel", *fuel, 1, std::uint64_t{1} << 62, "units"));
  }
  limits.memory = mebibytes(memory_mib);
  limits.wall = std::chrono::milliseconds(std::llround(seconds * 1000));
  limits.input = std::chrono::milliseconds(std::llround(input_seconds * 1000));
  limits.files = mebibytes(files_mib);
  limits.output = bytes(output);
  limits.open_files = static_cast<std::uint32_t>(open_files);
  limits.table_elements = static_cast<std::uint32_t>(table_elements);
  SKERRY_TRY(limits.check());
  return limits;
}

Result<RunParameters> RunParameters::open(const RunOptions& options) {
  RunParameters parameters;
  SKERRY_ASSIGN(parameters.limits, options.limits());
  for (const std::string& each : options.environment) {
    const auto at = each.find('=');
    if (at == std::string::npos || at == 0) {
      return absl::InvalidArgumentError("--env is \"" + each + "\", expected NAME=VALUE");
    }
    parameters.environment[each.substr(0, at)] = each.substr(at + 1);
  }
  SKERRY_TRY(check_given("--output-dir", options.output_directory));
  SKERRY_TRY(check_given("--stdin", options.stdin_file));
  parameters.reports_files = options.json;
  if (options.output_directory) {
    // Now, and not when the results are there: a wrong path must not cost them.
    SKERRY_TRY(
        annotate(HostDirectoryWriter::open(*options.output_directory).status(), "--output-dir"));
    parameters.output_directory = *options.output_directory;
  }
  for (const std::string& each : options.directories) {
    SKERRY_ASSIGN(ImportedDirectory directory, ImportedDirectory::parse(each));
    for (const ImportedDirectory& other : parameters.directories) {
      if (other.guest != directory.guest) continue;
      return absl::InvalidArgumentError("--dir is \"" + each + "\": " + other.host.native() +
                                        " is to be there already");
    }
    parameters.directories.push_back(std::move(directory));
  }
  if (options.clock) {
    SKERRY_ASSIGN(parameters.fixed_clock, parse_clock(*options.clock));
  }
  if (options.clock_resolution) {
    SKERRY_ASSIGN(const double microseconds, number("--clock-resolution", *options.clock_resolution,
                                                    {0.001, 1'000'000, "microseconds"}));
    parameters.clock_resolution = std::chrono::nanoseconds(std::llround(microseconds * 1000));
  }
  if (options.require_walls) SKERRY_TRY(worker::require_walls());
  if (options.seed) {
    SKERRY_ASSIGN(parameters.seed, whole("--seed", *options.seed, 0, UINT64_MAX, "(0 or more)"));
  }
  if (!options.stdin_file) {
    parameters.input = OwnedFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  } else {
    auto file = open_file(*options.stdin_file, O_RDONLY);
    if (!file.ok()) return annotate(file.status(), "--stdin");
    parameters.input = *std::move(file);
  }
  return parameters;
}

sandbox::RunEnvironment RunParameters::run_environment(worker::RunChannel& channel,
                                                       wasi::InputSource& input_source) const {
  sandbox::RunEnvironment result;
  result.output = &channel.output();
  result.displays = channel.displays();
  result.input = &input_source;
  result.seed = seed;
  result.fixed_clock = fixed_clock;
  result.clock_resolution = clock_resolution;
  return result;
}

worker::EventReceiver::Person RunParameters::person() const {
  using Person = worker::EventReceiver::Person;
  return ::isatty(input.get()) == 1 ? Person::kMayBeAwaited : Person::kNone;
}

worker::DescriptorInput RunParameters::input_for(worker::RunChannel& channel) const {
  return person() == worker::EventReceiver::Person::kMayBeAwaited
             ? worker::DescriptorInput(input.get(), channel)
             : worker::DescriptorInput(input.get());
}

Status RunParameters::import_directories(wasi::FileSystem& files) const {
  for (const ImportedDirectory& directory : directories)
    SKERRY_TRY(import_directory(directory, files));
  return ok_status();
}

bool RunParameters::has_writable() const {
  return std::any_of(directories.begin(), directories.end(),
                     [](const ImportedDirectory& directory) { return directory.is_writable; });
}

worker::FileChanges RunParameters::changes() const {
  if (has_writable() || !output_directory.empty()) return worker::FileChanges::kWanted;
  return reports_files ? worker::FileChanges::kReported : worker::FileChanges::kUnwanted;
}

std::optional<worker::ExportRules> RunParameters::exports() const {
  if (changes() != worker::FileChanges::kWanted) return std::nullopt;
  using Scope = worker::ExportRules::Scope;
  worker::ExportRules rules{.scope = output_directory.empty() ? Scope::kDirectories : Scope::kAll,
                            .max_bytes = limits.files};
  for (const ImportedDirectory& directory : directories) {
    if (directory.is_writable) rules.directories.push_back(directory.guest);
  }
  return rules;
}

Result<std::uint64_t> whole(const char* option, const std::string& text, std::uint64_t low,
                            std::uint64_t high, const char* unit) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high)
    return value;
  return absl::InvalidArgumentError(fmt::format(
      "{} is \"{}\", expected a whole number {} {}", option, text,
      high == UINT64_MAX ? "below 2^64" : fmt::format("from {} to {}", low, high), unit));
}

Status check_given(const char* option, const std::optional<std::string>& value) {
  if (!value || !value->empty()) return ok_status();
  return absl::InvalidArgumentError(std::string(option) +
                                    " is empty: give it a value, or leave it out");
}

int fail(const RunOptions& options, const Status& status) {
  if (options.json) {
    const ordered_json json{
        {"outcome", nullptr}, {"exit_code", 125}, {"error", std::string(message_of(status))}};
    (void)write_out(STDOUT_FILENO, dump_json(json) + "\n");
  }
  return report_failure(status);
}

int run_and_report(const RunOptions& options, const RunParameters& parameters,
                   ByteSize template_memory, const worker::RunBody& body,
                   const Afterwards& afterwards) {
  Reporter reporter(options, parameters);
  auto outcome = worker::supervise(body, parameters.limits, template_memory, reporter,
                                   parameters.changes(), parameters.person());
  if (!outcome.ok()) {
    reporter.show_rest();
    return fail(options, outcome.status());
  }
  reporter.finish(*outcome);
  if (parameters.changes() == worker::FileChanges::kWanted && !reporter.has_all_changes()) {
    outcome->message += "; files that it wrote are lost";
  } else if (outcome->kind == OutcomeKind::kDeadline && parameters.has_writable()) {
    outcome->message += "; what it changed below --dir \u2026:rw is not written back";
  }
  std::optional<SessionReport> session;
  if (afterwards) {
    session = afterwards(*outcome);
    reporter.lose(session->failure);
  }
  Status lost = reporter.lost();
  if (options.json) {
    lost.Update(write_out(STDOUT_FILENO, reporter.json(*outcome, session) + "\n"));
  } else {
    tell_people(*outcome);
    if (session && session->saved == "no" && session->failure.ok()) {
      std::fputs(("skerry: session " + session->name + ": " + session->message + "\n").c_str(),
                 stderr);
    }
  }
  if (lost.ok()) return outcome->exit_code;
  report_failure(lost);
  if (session && session->saved != "no") {
    std::fputs(fmt::format("skerry: session {}: the run itself is kept, as revision {}\n",
                           session->name, session->revision)
                   .c_str(),
               stderr);
  }
  return 125;
}

}  // namespace skerry::app
