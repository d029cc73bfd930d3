// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/commands.h"
#include "skerry/app/json_text.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"

namespace skerry::app {
namespace {

using session::SessionStore;

Status check_store(SessionStore& store, const runtime::Home&, const StoreOptions& options) {
  LateProgress progress("checking revisions");
  SKERRY_ASSIGN(const auto check, store.check([&](double done) { progress.progress(done); }));
  if (options.json) {
    std::puts(text_of({{"revisions", check.revisions}, {"damaged", check.damaged}}).c_str());
  } else {
    for (const std::string& line : check.damaged) std::puts(line.c_str());
    std::puts(
        fmt::format("{} files checked, {} damaged", check.revisions, check.damaged.size()).c_str());
  }
  if (check.damaged.empty()) return ok_status();
  return absl::DataLossError(
      "what is damaged cannot be opened; a session goes back to its last whole revision when it "
      "runs next");
}

Status collect_store(SessionStore& store, const runtime::Home&, const StoreOptions& options) {
  SKERRY_ASSIGN(const auto collected, store.collect_garbage());
  if (options.json) {
    std::puts(text_of({{"files", collected.files}, {"bytes", collected.bytes}}).c_str());
  } else {
    std::puts(
        fmt::format("{} files removed, {}", collected.files, size_text(collected.bytes)).c_str());
  }
  return ok_status();
}

}  // namespace

void add_store_command(CLI::App& app) {
  CLI::App* store = app.add_subcommand("store", "Where sessions lie: check it, clean it");
  store->require_subcommand(1);
  const auto nothing = [](CLI::App&, StoreOptions&) {};
  add_store_action(*store, "check", "Read and hash every revision", check_store, nothing);
  add_store_action(*store, "gc", "Remove files that no revision needs", collect_store, nothing);
}

}  // namespace skerry::app
