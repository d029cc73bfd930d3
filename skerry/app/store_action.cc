// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/store_action.h"

#include <cstdio>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/json_text.h"
#include "skerry/app/session_run.h"
#include "skerry/app/terminal.h"

namespace skerry::app {
namespace {

int carry_out(const StoreAction& action, const StoreOptions& options) {
  const auto done = [&]() -> Status {
    SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
    SKERRY_ASSIGN(const auto store, open_sessions(home));
    return action(*store, home, options);
  }();
  if (done.ok()) return 0;
  if (options.json) {
    std::puts(text_of({{"error", std::string(message_of(done))}}).c_str());
  }
  return report_failure(done);
}

}  // namespace

void add_store_action(CLI::App& parent, const char* name, const char* description,
                      StoreAction action,
                      const std::function<void(CLI::App&, StoreOptions&)>& arguments) {
  auto options = std::make_shared<StoreOptions>();
  CLI::App* command = parent.add_subcommand(name, description);
  arguments(*command, *options);
  command->add_flag("--json", options->json, "Print one JSON object");
  command->callback([options, action = std::move(action)] {
    if (const int exit = carry_out(action, *options); exit != 0) throw CLI::RuntimeError(exit);
  });
}

void take_name(CLI::App& command, StoreOptions& options) {
  command.add_option("name", options.name, "The session")->type_name("NAME")->required();
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576);
}

}  // namespace skerry::app
