// SPDX-License-Identifier: Apache-2.0
// `skerry session export` and `skerry session import`.
#include "skerry/session/session_transfer.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/session_run.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/image/exports/image_export.h"
#include "skerry/runtime/registry.h"

namespace skerry::app {
namespace {

using store::SessionName;
using store::SessionStore;

bool is_regular(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

/// The file itself, if one can seek in it, else a copy without a name.
Result<OwnedFd> open_seekable(const std::string& file, const runtime::Home& home) {
  SKERRY_ASSIGN(OwnedFd input, open_input(file));
  if (is_regular(input.get())) return input;
  SKERRY_ASSIGN(OwnedFd copy, unnamed_file(home.store()));
  SKERRY_TRY(copy_all(input.get(), copy.get(), image::kMaxExport));
  return copy;
}

/// Writes `opened` to the file or pipe `fd`. Returns the export's size.
Result<std::int64_t> write_to(int fd, const SessionName& name, const SessionStore& store,
                              const SessionStore::OpenedRevision& opened) {
  LateProgress progress("exporting session " + name.text());
  SKERRY_ASSIGN(const auto writer, session::begin_export(store, name, opened));
  std::int64_t size = 0;
  for (;;) {
    SKERRY_ASSIGN(const std::string piece, writer->next());
    if (piece.empty()) return size;
    SKERRY_TRY(write_all(fd, as_bytes(piece)));
    size += static_cast<std::int64_t>(piece.size());
    progress.progress(writer->fraction());
  }
}

Status export_session(SessionStore& store, const runtime::Home&, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  SKERRY_ASSIGN(const auto opened,
                store.open_revision(name, options.other.empty()
                                              ? std::nullopt
                                              : std::optional<std::string_view>(options.other)));
  // Before there is a file for it.
  if (!opened.revision) return absl::FailedPreconditionError("revision 0 is the template itself");
  std::int64_t size = 0;
  SKERRY_TRY(write_output(options.file, [&](int fd) -> Status {
    SKERRY_ASSIGN(size, write_to(fd, name, store, opened));
    return ok_status();
  }));
  const auto memory = opened.revision->memory_size();
  const std::string told =
      options.json
          ? dump_json({{"session", name.text()},
                       {"revision", opened.number},
                       {"bytes", size},
                       {"memory_bytes", memory},
                       {"module_sha256", opened.revision->manifest().module_sha256}})
          : fmt::format("session {}, revision {}: {} of memory in {}", name.text(), opened.number,
                        size_text(static_cast<std::int64_t>(memory)), size_text(size));
  // Standard output is the export's, if that is where it goes.
  std::fputs((told + "\n").c_str(), options.file == "-" ? stderr : stdout);
  return ok_status();
}

Status import_session(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  const auto imported = [&]() -> Result<image::Export> {
    SKERRY_ASSIGN(const OwnedFd input, open_seekable(options.file, home));
    SKERRY_ASSIGN(OwnedFd room, unnamed_file(home.store()));
    // Sets the runtimes up when that has not been done.
    const runtime::Installation installation = runtime::bundled_in(home);
    SKERRY_TRY(ready_runtimes(installation, engine::Metering::kNone));
    SKERRY_ASSIGN(const auto installed, session::installed_runtimes(installation));
    session::ReaderOptions reader;
    SKERRY_ASSIGN(reader.program, program_beside("skerry-reader"));
    return session::read_session(input.get(), std::move(room), installed, reader);
  }();
  if (!imported.ok()) return annotate(imported.status(), options.file);
  SKERRY_ASSIGN(const SessionName name,
                SessionName::parse(options.has_name ? options.name : imported->origin.session));
  const auto saved = store.import(name, *imported);
  if (saved.status().code() == StatusCode::kAlreadyExists) {
    return absl::AlreadyExistsError(std::string(message_of(saved.status())) +
                                    "; `--name OTHER` imports under another name");
  }
  if (!saved.ok()) return saved.status();
  const std::string told =
      options.json
          ? dump_json(
                {{"session", name.text()}, {"revision", saved->number}, {"bytes", saved->bytes}})
          : fmt::format("session {} is revision {} of {}", name.text(), imported->origin.revision,
                        imported->origin.session);
  std::puts(told.c_str());
  return ok_status();
}

}  // namespace

void add_transfer_commands(CLI::App& session) {
  add_store_action(session, "export", "Write a revision with all it needs to one file",
                   export_session, [](CLI::App& command, StoreOptions& options) {
                     take_name(command, options);
                     command.add_option("file", options.file, "\"-\": standard output")
                         ->type_name("FILE")
                         ->required();
                     command
                         .add_option("--revision", options.other,
                                     "Its number or label; by default, where the session stands")
                         ->type_name("REV")
                         ->check(refuse_empty);
                   });
  add_store_action(
      session, "import", "Make a session of an exported one", import_session,
      [](CLI::App& command, StoreOptions& options) {
        command.add_option("file", options.file, "\"-\": standard input")
            ->type_name("FILE")
            ->required();
        command.add_option("--name", options.name, "The new session; by default, named as it was")
            ->type_name("NAME")
            ->each([&options](const std::string&) { options.has_name = true; });
      });
}

}  // namespace skerry::app
