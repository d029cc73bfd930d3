// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/commands/commands.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/store/store_backup.h"

namespace skerry::app {
namespace {

using store::SessionStore;

// A run hashes no pages: it would take longer than the run.
constexpr const char* kHowToMend =
    "runs do not notice damaged pages: rewind these sessions to a revision before the damage, "
    "clear them, or `skerry store restore --force` a backup";

Status check_store(SessionStore& store, const runtime::Home&, const StoreOptions& options) {
  LateProgress progress("checking revisions");
  SKERRY_ASSIGN(const auto check, store.check([&](double done) { progress.progress(done); }));
  nlohmann::ordered_json json{{"revisions", check.revisions}, {"damaged", check.damaged}};
  if (!check.damaged.empty()) json["error"] = kHowToMend;
  if (options.json) {
    std::puts(dump_json(json).c_str());
  } else {
    for (const std::string& line : check.damaged) std::puts(line.c_str());
    std::puts(
        fmt::format("{} files checked, {} damaged", check.revisions, check.damaged.size()).c_str());
  }
  if (check.damaged.empty()) return ok_status();
  throw CLI::RuntimeError(report_failure(absl::DataLossError(kHowToMend)));
}

Status collect_store(SessionStore& store, const runtime::Home&, const StoreOptions& options) {
  SKERRY_ASSIGN(const auto collected, store.collect_garbage());
  LateProgress progress("compressing what is cold");
  SKERRY_ASSIGN(const auto compressed, store.compress_cold([&](double done) {
    progress.progress(done);
    return true;
  }));
  if (options.json) {
    std::puts(dump_json({{"files", collected.files},
                         {"bytes", collected.bytes},
                         {"compressed", compressed.files},
                         {"freed_bytes", compressed.bytes}})
                  .c_str());
  } else {
    std::puts(fmt::format("{} files removed, {}; {} compressed, {} freed", collected.files,
                          size_text(collected.bytes), compressed.files, size_text(compressed.bytes))
                  .c_str());
  }
  return ok_status();
}

Status back_up_store(SessionStore&, const runtime::Home& home, const StoreOptions& options) {
  store::Backup backup;
  SKERRY_TRY(write_output(options.file, [&](int fd) -> Status {
    LateProgress progress("backing sessions up");
    SKERRY_ASSIGN(backup, store::write_backup(home.store(), fd,
                                              [&](double done) { progress.progress(done); }));
    return ok_status();
  }));
  // Standard output is the backup's, if that is where it goes.
  std::FILE* told = options.file == "-" ? stderr : stdout;
  const std::string text = options.json
                               ? dump_json({{"files", backup.files}, {"damaged", backup.damaged}})
                               : fmt::format("{} files backed up", backup.files);
  std::fputs((text + "\n").c_str(), told);
  for (const std::string& line : backup.damaged) {
    std::fputs(("skerry: backed up as it is, damaged: " + line + "\n").c_str(), stderr);
  }
  return ok_status();
}

Status restore_store(const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const OwnedFd input, open_input(options.file));
  LateProgress progress("restoring sessions");
  const auto files = store::restore_backup(
      input.get(), home.store(), options.force ? store::Replace::kAny : store::Replace::kEmptyOnly,
      [&](double done) { progress.progress(done); });
  if (!files.ok()) return annotate(files.status(), options.file);
  std::puts(options.json ? dump_json({{"files", *files}}).c_str()
                         : fmt::format("{} files restored", *files).c_str());
  return ok_status();
}

}  // namespace

void add_store_command(CLI::App& app) {
  CLI::App* store =
      app.add_subcommand("store", "Where sessions lie: check it, clean it, back it up");
  store->require_subcommand(1);
  const auto nothing = [](CLI::App&, StoreOptions&) {};
  add_store_action(*store, "check", "Read and hash every revision", check_store, nothing);
  add_store_action(*store, "gc",
                   "Remove files that no revision needs, compress those of cold sessions",
                   collect_store, nothing);
  add_store_action(*store, "backup", "Write all sessions to one file, while others use them",
                   back_up_store, [](CLI::App& command, StoreOptions& options) {
                     command.add_option("file", options.file, "\"-\": standard output")
                         ->type_name("FILE")
                         ->required();
                   });
  add_home_action(*store, "restore", "Make a backup the store", restore_store,
                  [](CLI::App& command, StoreOptions& options) {
                    command.add_option("file", options.file, "\"-\": standard input")
                        ->type_name("FILE")
                        ->required();
                    command.add_flag("--force", options.force,
                                     "Also in the place of sessions that are there");
                  });
  store->footer(
      "Examples:\n"
      "  skerry store backup sessions.tar.zst\n"
      "  skerry store restore sessions.tar.zst\n");
}

}  // namespace skerry::app
