// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "skerry/app/host_directory.h"
#include "skerry/base/status.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/session/session_transaction.h"
#include "skerry/worker/change_export.h"
#include "skerry/worker/run_process.h"

namespace CLI {
class App;
}

namespace skerry::app {

/// What `skerry run` and `skerry exec` have in common, as typed: numbers too, so that a message can
/// say what was given.
struct RunOptions {
  std::string timeout = "30";
  std::string input_timeout = "3600";
  std::string memory = "256";
  std::optional<std::string> fuel;
  std::string max_output = "1048576";
  std::string max_files = "256";
  std::string max_open_files = "256";
  std::string max_table_elements = "10000";
  std::optional<std::string> stdin_file;
  std::vector<std::string> environment;
  std::vector<std::string> directories;
  std::optional<std::string> output_directory;
  std::optional<std::string> seed;
  std::optional<std::string> clock;
  std::optional<std::string> clock_resolution;
  std::string images = "auto";  ///< or kitty, iterm2, sixel, files
  bool require_walls = false;
  bool json = false;
  std::vector<std::string> arguments;

  /// Adds the options to a command; the object must outlive its parsing.
  void add_to(CLI::App& command);

  /// kInvalidArgument naming the option and its bounds.
  Result<sandbox::Limits> limits() const;
};

/// Everything a run needs from this side, opened and checked.
struct RunParameters {
  sandbox::Limits limits;
  std::map<std::string, std::string> environment;
  std::vector<ImportedDirectory> directories;
  /// Where all files that the guest makes go, but those in its /tmp; empty: nowhere.
  std::filesystem::path output_directory;
  bool reports_files = false;  ///< changed files are told of
  OwnedFd input;
  std::optional<std::uint64_t> seed;
  std::optional<std::chrono::nanoseconds> fixed_clock;
  std::chrono::nanoseconds clock_resolution{1};

  static Result<RunParameters> open(const RunOptions& options);

  /// A guest's environment that shows these, with output to `channel`. Borrows this parameters and
  /// `input_source`.
  sandbox::RunEnvironment run_environment(worker::RunChannel& channel,
                                          wasi::InputSource& input_source) const;
  /// Whether standard input is a terminal, with somebody there.
  worker::EventReceiver::Person person() const;
  /// Standard input. At a terminal, time that is spent waiting for it is not the program's.
  worker::DescriptorInput input_for(worker::RunChannel& channel) const;
  Status import_directories(wasi::FileSystem& files) const;

  /// Whether a directory of the caller's is to be changed.
  bool has_writable() const;
  /// Whether the guest's files go anywhere, and which.
  worker::FileChanges changes() const;
  /// Which changed files go somewhere, if any do.
  std::optional<worker::ExportRules> exports() const;
};

/// `text`, which was given for `option`, as a number from `low` to `high`; kInvalidArgument naming
/// all of them otherwise.
Result<std::uint64_t> whole(const char* option, const std::string& text, std::uint64_t low,
                            std::uint64_t high, const char* unit);

/// kInvalidArgument when an option was given with nothing, as by a script whose variable is not
/// set: that must not mean the same as leaving it out.
Status check_given(const char* option, const std::optional<std::string>& value);

using run::SessionReport;
using Afterwards = std::function<SessionReport(const sandbox::Outcome&)>;

/// Reports our own failure: on standard error, and with --json as an object on standard output,
/// too. Returns 125.
int fail(const RunOptions& options, const Status& status);

/// Sees a run through to the end: streams or collects its output, writes changed files to the host,
/// tells people or programs how it ended. Returns the process's exit code.
/// `template_memory` is as for worker::supervise. In a session, `afterwards` says what became of
/// its state; it is called when the run's process is gone.
int run_and_report(const RunOptions& options, const RunParameters& parameters,
                   ByteSize template_memory, const worker::RunBody& body,
                   const Afterwards& afterwards = {});

}  // namespace skerry::app
