// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/store_action.h"

#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/session_run.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"

namespace skerry::app {
namespace {

// As for a run that is cancelled (docs/outcomes.md).
constexpr int kCancelledExit = 130;

/// Whether FILE would be made anew: it is a file, or not there.
bool is_made_anew(const std::string& file) {
  struct stat info{};
  return file != "-" && (::stat(file.c_str(), &info) != 0 || S_ISREG(info.st_mode));
}

Status is_there(const std::string& file) {
  return absl::AlreadyExistsError(file + " is there already: --force replaces it, or name another");
}

int carry_out(const HomeAction& action, const StoreOptions& options) {
  const auto done = [&]() -> Status {
    SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
    return action(home, options);
  }();
  if (done.ok()) return 0;
  if (options.json) {
    std::puts(dump_json({{"error", std::string(message_of(done))}}).c_str());
  }
  const int exit_code = report_failure(done);
  return done.code() == StatusCode::kCancelled ? kCancelledExit : exit_code;
}

}  // namespace

CLI::App* add_home_action(CLI::App& parent, const char* name, const char* description,
                          HomeAction action,
                          const std::function<void(CLI::App&, StoreOptions&)>& arguments) {
  auto options = std::make_shared<StoreOptions>();
  CLI::App* command = parent.add_subcommand(name, description);
  arguments(*command, *options);
  command->add_flag("--json", options->json, "Print one JSON object");
  command->callback([options, action = std::move(action)] {
    if (const int exit = carry_out(action, *options); exit != 0) throw CLI::RuntimeError(exit);
  });
  return command;
}

CLI::App* add_store_action(CLI::App& parent, const char* name, const char* description,
                           StoreAction action,
                           const std::function<void(CLI::App&, StoreOptions&)>& arguments) {
  return add_home_action(
      parent, name, description,
      [action = std::move(action)](const runtime::Home& home,
                                   const StoreOptions& options) -> Status {
        SKERRY_ASSIGN(const auto store, open_sessions(home));
        return action(*store, home, options);
      },
      arguments);
}

std::string refuse_empty(const std::string& value) {
  return value.empty() ? "it is empty: give it a value, or leave it out" : std::string();
}

void take_name(CLI::App& command, StoreOptions& options) {
  command.add_option("name", options.name, "The session")->type_name("NAME")->required();
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576);
}

Result<OwnedFd> open_input(const std::string& file) {
  return open_file(file == "-" ? "/dev/stdin" : file, O_RDONLY);
}

Status check_output(const std::string& file, Existing existing) {
  struct stat info{};
  const bool is_kept = existing == Existing::kKept && is_made_anew(file);
  return is_kept && ::lstat(file.c_str(), &info) == 0 ? is_there(file) : ok_status();
}

Status write_output(const std::string& file, const std::function<Status(int)>& write,
                    Existing existing) {
  if (is_made_anew(file)) {
    const auto written = [&]() -> Status {
      SKERRY_ASSIGN(AtomicFile whole, AtomicFile::create(file));
      SKERRY_TRY(write(whole.fd()));
      return existing == Existing::kKept ? whole.commit_new() : whole.commit();
    }();
    if (written.code() == StatusCode::kAlreadyExists) return is_there(file);
    return annotate(written, file);
  }
  const auto written = [&]() -> Status {
    SKERRY_ASSIGN(const OwnedFd output, open_file(file == "-" ? "/dev/stdout" : file, O_WRONLY));
    if (::isatty(output.get()) == 1) {
      return absl::InvalidArgumentError("this is no text for a terminal: name a file");
    }
    return write(output.get());
  }();
  return annotate(written, file);
}

}  // namespace skerry::app
