// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/run_options.h"

#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/terminal.h"
#include "skerry/base/file.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;
using sandbox::Outcome;
using sandbox::OutcomeKind;

constexpr std::string_view kCutMarker = "\n[output cut at {} bytes; allow more with {}]\n";

std::string cut_marker(const sandbox::Limits& limits) {
  return fmt::format(fmt::runtime(kCutMarker), limits.output.value, sandbox::kOutputLimit.option);
}

/// Seconds since 1970 with decimals, or "2026-01-31T12:00:00Z".
Result<std::chrono::nanoseconds> parse_clock(const std::string& text) {
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        "--clock is \"" + text +
        "\", expected seconds since 1970 or a time as 2026-01-31T12:00:00Z");
  };
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (*end == '\0' && !text.empty()) {
    if (!(seconds >= 0) || seconds > 9e9) return wrong();
    const auto whole = std::chrono::seconds(static_cast<std::int64_t>(seconds));
    const double rest = seconds - std::floor(seconds);
    return whole +
           std::chrono::nanoseconds(static_cast<std::int64_t>(std::round(rest * 1e6)) * 1000);
  }
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (rest == nullptr || *rest != '\0') return wrong();
  const std::time_t time = ::timegm(&parts);
  if (time < 0) return wrong();
  return std::chrono::nanoseconds(std::chrono::seconds(time));
}

ordered_json json_of(const sandbox::Exception& exception) {
  ordered_json frames = ordered_json::array();
  for (const sandbox::Frame& frame : exception.frames) {
    frames.push_back({{"file", frame.file},
                      {"line", frame.line},
                      {"function", frame.function},
                      {"source", frame.source}});
  }
  return {{"type", exception.type}, {"message", exception.message}, {"frames", std::move(frames)}};
}

ordered_json json_of(const sandbox::Limits& limits) {
  ordered_json json{{"memory_bytes", limits.memory.value},
                    {"wall_seconds", static_cast<double>(limits.wall.count()) / 1000},
                    {"output_bytes", limits.output.value},
                    {"fuel", nullptr},
                    {"files_bytes", limits.files.value},
                    {"open_files", limits.open_files}};
  if (limits.fuel) json["fuel"] = *limits.fuel;
  return json;
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

ordered_json json_of(const sandbox::Usage& usage) {
  ordered_json json{{"wall_ms", milliseconds(usage.wall)},
                    {"cpu_ms", milliseconds(usage.cpu)},
                    {"peak_memory_bytes", usage.peak_memory.value},
                    {"dirty_pages", usage.dirty_pages},
                    {"fuel", nullptr}};
  if (usage.fuel) json["fuel"] = *usage.fuel;
  return json;
}

/// Streams to this process's own streams, or collects for one JSON object; and writes changed
/// files.
class Reporter final : public worker::RunObserver {
 public:
  Reporter(const RunOptions& options, const RunSetting& setting)
      : options_(options), setting_(setting) {}

  void output(wasi::Stream stream, std::string_view bytes) override {
    if (options_.json) {
      collected_[stream] += bytes;
      return;
    }
    // A reader that has gone is no reason to stop the run: its result may be files.
    (void)write_all(stream == wasi::Stream::kStdout ? STDOUT_FILENO : STDERR_FILENO,
                    as_bytes(bytes));
  }

  void cut(wasi::Stream stream) override {
    cut_.insert(stream);
    output(stream, cut_marker(setting_.limits));
  }

  Status changed(const worker::FileChange& change) override {
    for (const ImportedDirectory& directory : setting_.directories) {
      const std::string prefix = directory.guest + "/";
      if (!directory.is_writable || !change.path.starts_with(prefix)) continue;
      SKERRY_TRY(apply(directory.host, change, change.path.substr(prefix.size())));
    }
    if (options_.output_directory.empty() || change.path.size() < 2) return ok_status();
    if (change.kind == worker::FileChange::Kind::kRemoved)
      return ok_status();  // what never came is not removed
    return apply(options_.output_directory, change, change.path.substr(1));
  }

  Status finish() {
    for (auto& [path, writer] : writers_) SKERRY_TRY(writer.finish());
    return ok_status();
  }

  std::string json(const Outcome& outcome) const {
    ordered_json json{{"outcome", sandbox::name_of(outcome.kind)},
                      {"exit_code", outcome.exit_code},
                      {"message", outcome.message},
                      {"stdout", text(wasi::Stream::kStdout)},
                      {"stderr", text(wasi::Stream::kStderr)},
                      {"truncated", ordered_json::array()},
                      {"result", nullptr},
                      {"exception", nullptr},
                      {"limit", nullptr},
                      {"usage", json_of(outcome.usage)},
                      {"limits", json_of(setting_.limits)}};
    if (cut_.contains(wasi::Stream::kStdout)) json["truncated"].push_back("stdout");
    if (cut_.contains(wasi::Stream::kStderr)) json["truncated"].push_back("stderr");
    if (outcome.result) json["result"] = *outcome.result;
    if (outcome.exception) json["exception"] = json_of(*outcome.exception);
    if (outcome.limit) {
      json["limit"] = {{"name", outcome.limit->limit},
                       {"value", outcome.limit->value},
                       {"unit", outcome.limit->unit},
                       {"option", outcome.limit->option}};
    }
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }

 private:
  Status apply(const std::filesystem::path& root, const worker::FileChange& change,
               const std::string& relative) {
    auto writer = writers_.find(root);
    if (writer == writers_.end()) {
      SKERRY_ASSIGN(HostDirectoryWriter opened, HostDirectoryWriter::open(root));
      writer = writers_.emplace(root, std::move(opened)).first;
    }
    return annotate(writer->second.apply(change, relative), "writing results to " + root.native());
  }

  std::string text(wasi::Stream stream) const {
    const auto found = collected_.find(stream);
    return found == collected_.end() ? std::string() : found->second;
  }

  const RunOptions& options_;
  const RunSetting& setting_;
  std::map<wasi::Stream, std::string> collected_;
  std::set<wasi::Stream> cut_;
  std::map<std::filesystem::path, HostDirectoryWriter> writers_;
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

}  // namespace

void RunOptions::add_to(CLI::App& command) {
  command.add_option("--timeout", timeout_seconds, "Wall time after which the run is killed [30]")
      ->type_name("S");
  command
      .add_option("--memory", memory_mib, "Linear memory; beyond it Python sees MemoryError [256]")
      ->type_name("MB");
  command
      .add_option("--fuel", fuel, "Instructions, roughly; the first use compiles a metered runtime")
      ->type_name("N");
  command
      .add_option("--max-output", max_output,
                  "Bytes kept of each stream; more is cut with a marker [1048576]")
      ->type_name("BYTES");
  command.add_option("--max-files", max_files_mib, "Bytes of files, imported ones included [256]")
      ->type_name("MB");
  command.add_option("--max-open-files", max_open_files, "Open files [256]")->type_name("N");
  command.add_option("--stdin", stdin_file, "Standard input from this file")->type_name("FILE");
  command.add_option("--env", environment, "Set an environment variable; repeatable")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command
      .add_option(
          "--dir", directories,
          "Give the guest a copy of a directory; with :rw changes are written back; repeatable")
      ->type_name("HOST::GUEST[:rw]")
      ->allow_extra_args(false);
  command
      .add_option("--output-dir", output_directory,
                  "Write files that the guest made (outside /tmp) here, by their path in the guest")
      ->type_name("DIR");
  command.add_option("--seed", seed, "Make all randomness follow from this number")->type_name("N");
  command
      .add_option("--clock", clock,
                  "Start the guest's clock at this time and let it stand but for 1 µs a reading")
      ->type_name("T");
  command.add_flag("--json", json, "Print one JSON object instead of streaming");
}

Result<sandbox::Limits> RunOptions::limits() const {
  const auto mebibytes = [](double value) -> ByteSize {
    // Whatever does not fit is out of bounds, and `check` says so.
    return bytes(value >= 0 && value < 1e9 ? static_cast<std::uint64_t>(value * 1048576)
                                           : ~std::uint64_t{0});
  };
  sandbox::Limits limits;
  limits.memory = mebibytes(memory_mib);
  if (!(timeout_seconds >= 0.001) || timeout_seconds > 86'400) {
    return absl::InvalidArgumentError(fmt::format(
        "wall limit is {} seconds, expected 0.001 to 86400 (--timeout S)", timeout_seconds));
  }
  limits.wall =
      std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(timeout_seconds * 1000)));
  limits.output = bytes(static_cast<std::uint64_t>(max_output));
  if (fuel) limits.fuel = static_cast<std::uint64_t>(*fuel);
  limits.files = mebibytes(max_files_mib);
  if (max_open_files < 0 || max_open_files > 1'000'000) {
    return absl::InvalidArgumentError(fmt::format(
        "open_files limit is {} files, expected 3 to 4096 (--max-open-files N)", max_open_files));
  }
  limits.open_files = static_cast<std::uint32_t>(max_open_files);
  SKERRY_TRY(limits.check());
  return limits;
}

Result<RunSetting> RunSetting::open(const RunOptions& options) {
  RunSetting setting;
  SKERRY_ASSIGN(setting.limits, options.limits());
  for (const std::string& each : options.environment) {
    const auto at = each.find('=');
    if (at == std::string::npos || at == 0) {
      return absl::InvalidArgumentError("--env is \"" + each + "\", expected NAME=VALUE");
    }
    setting.environment[each.substr(0, at)] = each.substr(at + 1);
  }
  for (const std::string& each : options.directories) {
    SKERRY_ASSIGN(ImportedDirectory directory, ImportedDirectory::parse(each));
    setting.directories.push_back(std::move(directory));
  }
  if (!options.clock.empty()) {
    SKERRY_ASSIGN(setting.fixed_clock, parse_clock(options.clock));
  }
  setting.seed = options.seed;
  if (options.stdin_file.empty()) {
    setting.input = OwnedFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  } else {
    auto file = open_file(options.stdin_file, O_RDONLY);
    if (!file.ok()) return annotate(file.status(), "--stdin");
    setting.input = *std::move(file);
  }
  return setting;
}

sandbox::World RunSetting::world(worker::RunChannel& channel,
                                 wasi::InputSource& input_source) const {
  sandbox::World world;
  world.output = &channel.output();
  world.input = &input_source;
  world.seed = seed;
  world.fixed_clock = fixed_clock;
  return world;
}

Status RunSetting::import_directories(wasi::FileSystem& files) const {
  for (const ImportedDirectory& directory : directories)
    SKERRY_TRY(import_directory(directory, files));
  return ok_status();
}

int run_and_report(const RunOptions& options, const RunSetting& setting,
                   const worker::RunBody& body) {
  Reporter reporter(options, setting);
  const auto outcome = worker::supervise(body, setting.limits, reporter);
  if (!outcome.ok()) {
    if (options.json) {
      const ordered_json json{{"outcome", nullptr},
                              {"exit_code", 125},
                              {"error", std::string(message_of(outcome.status()))}};
      std::puts(json.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    }
    return report_failure(outcome.status());
  }
  if (const Status written = reporter.finish(); !written.ok()) return report_failure(written);
  if (options.json) {
    std::puts(reporter.json(*outcome).c_str());
  } else {
    tell_people(*outcome);
  }
  return outcome->exit_code;
}

}  // namespace skerry::app
