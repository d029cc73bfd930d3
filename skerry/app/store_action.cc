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

int carry_out(const HomeAction& action, const StoreOptions& options) {
  const auto done = [&]() -> Status {
    SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
    return action(home, options);
  }();
  if (done.ok()) return 0;
  if (options.json) {
    std::puts(dump_json({{"error", std::string(message_of(done))}}).c_str());
  }
  return report_failure(done);
}

}  // namespace

void add_home_action(CLI::App& parent, const char* name, const char* description, HomeAction action,
                     const std::function<void(CLI::App&, StoreOptions&)>& arguments) {
  auto options = std::make_shared<StoreOptions>();
  CLI::App* command = parent.add_subcommand(name, description);
  arguments(*command, *options);
  command->add_flag("--json", options->json, "Print one JSON object");
  command->callback([options, action = std::move(action)] {
    if (const int exit = carry_out(action, *options); exit != 0) throw CLI::RuntimeError(exit);
  });
}

void add_store_action(CLI::App& parent, const char* name, const char* description,
                      StoreAction action,
                      const std::function<void(CLI::App&, StoreOptions&)>& arguments) {
  add_home_action(
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

Status write_output(const std::string& file, const std::function<Status(int)>& write) {
  const auto written = [&]() -> Status {
    struct stat info{};
    if (file != "-" && (::stat(file.c_str(), &info) != 0 || S_ISREG(info.st_mode))) {
      SKERRY_ASSIGN(AtomicFile whole, AtomicFile::create(file));
      SKERRY_TRY(write(whole.fd()));
      return whole.commit();
    }
    SKERRY_ASSIGN(const OwnedFd output, open_file(file == "-" ? "/dev/stdout" : file, O_WRONLY));
    if (::isatty(output.get()) == 1) {
      return absl::InvalidArgumentError("this is no text for a terminal: name a file");
    }
    return write(output.get());
  }();
  return annotate(written, file);
}

}  // namespace skerry::app
