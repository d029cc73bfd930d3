// SPDX-License-Identifier: Apache-2.0
// `skerry session files`: the files of a session, without a service.
#include "skerry/workspace/session_files.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "skerry/app/commands/file_processes.h"
#include "skerry/app/session_run.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/file.h"
#include "skerry/base/time_text.h"
#include "skerry/runtime/registry.h"
#include "skerry/worker/order_source.h"

namespace skerry::app {
namespace {

using files::Depth;
using nlohmann::ordered_json;
using store::SessionStore;
using workspace::FileRef;
using workspace::SessionFiles;
using Missing = FileProcesses::Missing;

constexpr std::chrono::milliseconds kTick{200};
constexpr std::size_t kLocalPiece = std::size_t{1} << 20;
constexpr std::uint64_t kMaxMib = SessionFiles::kMaxBytes >> 20;

FileRef ref_to(const StoreOptions& options) {
  return {.principal = {.tenant = std::string(kLocalTenant)},
          .session = options.name,
          .path = options.path};
}

Depth depth_of(const StoreOptions& options) {
  return options.recursive ? Depth::kAll : Depth::kOne;
}

Existing existing_of(const StoreOptions& options) {
  return options.force ? Existing::kReplaced : Existing::kKept;
}

/// What to do about a failure, by what is said of it.
std::string advice_for(std::string_view message, const StoreOptions& options) {
  const std::string files = "`skerry session files ";
  const std::array<std::pair<std::string_view, std::string>, 6> advice{{
      {"File not found", files + "list " + options.name + " --recursive` shows what is there"},
      {"No such file or directory",
       files + "list " + options.name + " --recursive` shows what is there"},
      {"Path is not a file",
       files + "archive " + options.name + " DIR -o FILE` writes a directory as a tar archive"},
      {"Is a directory", "a path that ends in / means a file in it"},
      {"Directory not empty", "--recursive removes it with all that is in it"},
      {"quota exceeded", files + "remove` makes room"},
  }};
  for (const auto& [said, what_to_do] : advice) {
    if (message.find(said) != message.npos) return "; " + what_to_do;
  }
  return {};
}

/// The failure with what to do about it. It may name what an archive or a guest called its files.
Status advised(const Status& status, const StoreOptions& options) {
  if (status.ok()) return status;
  const std::string_view message = message_of(status);
  return {status.code(), printable(message) + advice_for(message, options)};
}

template <typename Value>
Result<Value> advised(Result<Value> value, const StoreOptions& options) {
  if (!value.ok()) return advised(value.status(), options);
  return value;
}

/// The calls on the files of a store's sessions, one at a time, with progress for those that last.
/// Borrows the store and the options.
class FileSession {
 public:
  static Result<std::unique_ptr<FileSession>> open(SessionStore& store, const runtime::Home& home,
                                                   const StoreOptions& options, Missing missing) {
    auto session = std::unique_ptr<FileSession>(new FileSession(store, options));
    FileProcesses::Options how{.missing = missing,
                               .lasts = [&progress = session->progress_] { progress.lasts(); }};
    if (!options.other.empty()) how.revision = options.other;
    auto processes = FileProcesses::open(store, runtime::bundled_in(home), std::move(how));
    if (!processes.ok()) return processes.status();
    session->processes_.emplace(*std::move(processes));
    session->progress_.begin();  // a set-up has told of itself
    session->calls_.emplace(*session->processes_, workspace::FileCalls::Options{});
    return session;
  }

  /// The Result of what `call` makes of the files. A failure says what to do.
  template <typename Call>
  auto await(Call call) {
    using Value = typename std::invoke_result_t<Call, const SessionFiles&>::value_type;
    const SessionFiles files(*calls_);  // lives for as long as what it is called for
    Value value = absl::CancelledError("cancelled");
    boost::asio::io_context io;
    boost::asio::steady_timer timer(io);
    tick(timer);
    boost::asio::co_spawn(
        io,
        [&]() -> boost::asio::awaitable<void> {
          auto calling = call(files);
          value = co_await std::move(calling);
          io.stop();
        },
        [](const std::exception_ptr& error) {
          if (error) std::rethrow_exception(error);
        });
    io.run();
    return advised(std::move(value), options_);
  }

  LateProgress& progress() { return progress_; }

  /// What the store does when the answer is out.
  ~FileSession() {
    store_.after_commit();
    (void)store_.keep_small();  // what fails is tried again; `skerry store gc` tells why
  }

 private:
  FileSession(SessionStore& store, const StoreOptions& options)
      : store_(store), options_(options), progress_("the files of session " + options.name) {}

  void tick(boost::asio::steady_timer& timer) {
    timer.expires_after(kTick);
    timer.async_wait([this, &timer](const boost::system::error_code& error) {
      if (error) return;
      progress_.lasts();
      tick(timer);
    });
  }

  SessionStore& store_;
  const StoreOptions& options_;
  LateProgress progress_;
  std::optional<FileProcesses> processes_;
  std::optional<workspace::FileCalls> calls_;
};

using OpenedFiles = std::unique_ptr<FileSession>;

void tell(const StoreOptions& options, const ordered_json& document, const std::string& text) {
  // Standard output is the content's, if that is where it goes.
  const bool is_taken = options.file == "-" && !options.target.empty();
  if (is_taken && !options.json) return;
  std::fputs(((options.json ? dump_json(document) : text) + "\n").c_str(),
             is_taken ? stderr : stdout);
}

Result<OwnedFd> open_local(const std::string& file) {
  SKERRY_ASSIGN(OwnedFd input, open_input(file));
  struct stat info{};
  if (::fstat(input.get(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        file + " is a directory: `tar -C " + file +
        " -c . | skerry session files unpack SESSION - DIR` puts all that is in it");
  }
  if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > SessionFiles::kMaxBytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{} has {} bytes, at most {} MiB can be put at once: `skerry run --session` "
                    "takes more with --dir",
                    file, info.st_size, kMaxMib));
  }
  return input;
}

/// All of FILE, up to what a session takes at once.
Result<std::string> read_local(const std::string& file, LateProgress& progress) {
  SKERRY_ASSIGN(const OwnedFd input, open_local(file));
  const bool is_typed = ::isatty(input.get()) == 1;
  std::string content;
  std::string piece(kLocalPiece, '\0');
  for (;;) {
    if (!is_typed) {
      SKERRY_ASSIGN(const bool is_there, worker::is_readable_within(input.get(), kTick));
      progress.lasts();
      if (!is_there) continue;
    }
    SKERRY_ASSIGN(const ssize_t got, syscall_result("read", file, [&] {
                    return ::read(input.get(), piece.data(), piece.size());
                  }));
    if (got == 0) return content;
    content.append(piece, 0, static_cast<std::size_t>(got));
    if (content.size() > SessionFiles::kMaxBytes) {
      return absl::ResourceExhaustedError(
          fmt::format("{} has more than {} MiB, the most that can be put at once", file, kMaxMib));
    }
  }
}

/// Writes `content` to FILE with the permissions that new files have.
Status write_local(const std::string& content, const StoreOptions& options,
                   LateProgress& progress) {
  if (options.file == "-" && ::isatty(STDOUT_FILENO) == 1 && is_plain_text(content)) {
    std::fwrite(content.data(), 1, content.size(), stdout);
    return ok_status();
  }
  const auto write = [&](int fd) -> Status {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    struct stat info{};
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && options.file != "-") {
      SKERRY_TRY(syscall_result("fchmod", {}, [&] { return ::fchmod(fd, 0666 & ~mask); }).status());
    }
    for (std::size_t at = 0; at < content.size(); at += kLocalPiece) {
      progress.progress(static_cast<double>(at) / static_cast<double>(content.size()));
      SKERRY_TRY(write_all(fd, as_bytes(std::string_view(content).substr(at, kLocalPiece))));
    }
    return ok_status();
  };
  return write_output(options.file, write, existing_of(options));
}

bool is_directory(const std::string& file) {
  std::error_code error;
  return std::filesystem::is_directory(file, error);
}

/// Where what is called `name` in the session goes: FILE, or into it if that is a directory.
std::string local_name(const std::string& file, const std::string& name) {
  if (file.empty()) return "./" + name;
  return file != "-" && is_directory(file) ? (std::filesystem::path(file) / name).native() : file;
}

Status list_files(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kRefused));
  SKERRY_ASSIGN(files::Listed listed, session->await([&](const SessionFiles& files) {
    return files.list(ref_to(options), depth_of(options));
  }));
  if (options.json) {
    std::puts(dump_json(workspace::json_of(std::move(listed))).c_str());
    return ok_status();
  }
  std::ranges::sort(listed.files, {}, &files::ListedFile::path);
  std::vector<std::vector<std::string>> rows = {{"path", "size", "modified"}};
  for (const files::ListedFile& each : listed.files) {
    const std::int64_t modified = std::chrono::nanoseconds(each.modified).count();
    rows.push_back({each.is_file ? each.path : each.path + "/",
                    each.is_file ? size_text(static_cast<std::int64_t>(each.size)) : "-",
                    local_time(modified)});
  }
  std::fputs(rows.size() > 1 ? table(std::move(rows)).c_str() : "no files\n", stdout);
  if (listed.was_cut) {
    std::fputs("skerry: there are more: list a directory below it\n", stderr);
  }
  return ok_status();
}

/// Writes what is at `path` of the session to the local file of `options`, and says so.
Status take_out(const files::FilePath& path, const operation::Content& content,
                const StoreOptions& options, LateProgress& progress) {
  SKERRY_TRY(write_local(content.text, options, progress));
  tell(options, {{"path", path.shown()}, {"size", content.size}, {"file", options.file}},
       fmt::format("{} of session {} is in {}: {}", path.shown(), options.name, options.file,
                   size_text(static_cast<std::int64_t>(content.size))));
  return ok_status();
}

Status get_file(SessionStore& store, const runtime::Home& home, const StoreOptions& given) {
  StoreOptions options = given;
  SKERRY_ASSIGN(const auto path, workspace::workspace_path(options.path));
  if (path.is_root()) {
    return absl::InvalidArgumentError("this is the root of the session's files" +
                                      advice_for("Path is not a file", options));
  }
  options.file = options.target = local_name(options.file, path.name());
  SKERRY_TRY(check_output(options.file, existing_of(options)));
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kRefused));
  SKERRY_ASSIGN(const auto content, session->await([&](const SessionFiles& files) {
    return files.read(ref_to(options));
  }));
  return take_out(path, content, options, session->progress());
}

void tell_stored(const StoreOptions& options, const SessionFiles::Stored& stored,
                 const std::string& what) {
  tell(options, {{"path", stored.path}, {"size", stored.size}},
       fmt::format("{} {} of session {}: {}", what, stored.path, options.name,
                   size_text(static_cast<std::int64_t>(stored.size))));
}

Status put_file(SessionStore& store, const runtime::Home& home, const StoreOptions& given) {
  StoreOptions options = given;
  const bool is_into = options.path.ends_with('/') || options.path == ".";
  if (is_into && options.file == "-") {
    return absl::InvalidArgumentError("standard input has no name: give the file's, as in " +
                                      options.path + (options.path == "." ? "/" : "") + "NAME");
  }
  if (is_into) options.path += "/" + std::filesystem::path(options.file).filename().native();
  SKERRY_TRY(workspace::workspace_path(options.path).status());
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kBegun));
  SKERRY_ASSIGN(std::string content, read_local(options.file, session->progress()));
  SKERRY_ASSIGN(const auto stored, session->await([&](const SessionFiles& files) {
    return files.write(ref_to(options), std::move(content));
  }));
  tell_stored(options, stored, "wrote");
  return ok_status();
}

Status move_file(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kRefused));
  SKERRY_ASSIGN(const auto stored, session->await([&](const SessionFiles& files) {
    return files.move(ref_to(options), options.target);
  }));
  tell(options, {{"path", stored.path}, {"size", stored.size}},
       fmt::format("{} of session {} is {} now", options.path, options.name, stored.path));
  return ok_status();
}

Status remove_file(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kRefused));
  SKERRY_ASSIGN(const auto deleted, session->await([&](const SessionFiles& files) {
    return files.remove(ref_to(options), depth_of(options));
  }));
  // What removes should say so; the service's clients may ask twice.
  if (deleted.count == 0) {
    return advised(absl::NotFoundError("File not found: " + options.path), options);
  }
  const std::string shown = deleted.paths.empty() ? options.path : deleted.paths.front();
  tell(options, {{"path", shown}, {"removed", true}},
       fmt::format("removed {} of session {}", shown, options.name));
  return ok_status();
}

Status pack_files(SessionStore& store, const runtime::Home& home, const StoreOptions& given) {
  StoreOptions options = given;
  if (options.file.empty()) options.file = "-";
  options.target = options.file;
  SKERRY_ASSIGN(const auto path, workspace::workspace_path(options.path));
  if (options.file == "-" && ::isatty(STDOUT_FILENO) == 1) {
    return absl::InvalidArgumentError("an archive is no text for a terminal: name a file with -o");
  }
  if (is_directory(options.file)) {
    return absl::InvalidArgumentError(options.file + " is a directory: name a file in it");
  }
  SKERRY_TRY(check_output(options.file, existing_of(options)));
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kRefused));
  SKERRY_ASSIGN(const auto content, session->await([&](const SessionFiles& files) {
    return files.pack(ref_to(options));
  }));
  return take_out(path, content, options, session->progress());
}

Status unpack_files(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_TRY(workspace::workspace_path(options.path).status());
  SKERRY_ASSIGN(const OpenedFiles session,
                FileSession::open(store, home, options, Missing::kBegun));
  SKERRY_ASSIGN(std::string archive, read_local(options.file, session->progress()));
  SKERRY_ASSIGN(const auto stored, session->await([&](const SessionFiles& files) {
    return files.unpack(ref_to(options), std::move(archive));
  }));
  tell_stored(options, stored, "unpacked into");
  return ok_status();
}

void take_session(CLI::App& command, StoreOptions& options) {
  command.add_option("session", options.name, "The session")->type_name("SESSION")->required();
}

CLI::Option* take_path(CLI::App& command, StoreOptions& options, const char* what) {
  return command.add_option("path", options.path, what)->type_name("PATH")->check(refuse_empty);
}

void take_directory(CLI::App& command, StoreOptions& options, const char* what) {
  command.add_option("dir", options.path, what)->type_name("DIR")->check(refuse_empty);
}

void take_revision(CLI::App& command, StoreOptions& options) {
  command
      .add_option("--revision", options.other,
                  "Its number or label; by default, where the session stands")
      ->type_name("REV")
      ->check(refuse_empty);
}

void take_force(CLI::App& command, StoreOptions& options) {
  command.add_flag("-f,--force", options.force, "Replace a local file that is there already");
}

void take_recursive(CLI::App& command, StoreOptions& options, const char* what) {
  command.add_flag("-r,--recursive", options.recursive, what);
}

void add_looks(CLI::App& files) {
  add_store_action(files, "list", "What is in a directory", list_files,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     take_directory(command, options, "By default, the root");
                     take_recursive(command, options, "All that is below it, too");
                     take_revision(command, options);
                   })
      ->alias("ls")
      ->footer("Example:\n  skerry session files list work data --recursive\n");
  add_store_action(files, "get", "Copy a file out of the session", get_file,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     take_path(command, options, "The session's file")->required();
                     command
                         .add_option("local", options.file,
                                     "A file or directory here; \"-\": standard output; by "
                                     "default, of the same name here")
                         ->type_name("LOCAL")
                         ->check(refuse_empty);
                     take_revision(command, options);
                     take_force(command, options);
                   })
      ->footer(
          "Examples:\n"
          "  skerry session files get work data/out.csv\n"
          "  skerry session files get work data/out.csv - | head\n"
          "  skerry session files get work data/out.csv before.csv --revision 3\n");
  add_store_action(files, "archive", "Write a directory as a tar archive", pack_files,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     take_directory(command, options, "By default, the root");
                     command
                         .add_option("-o,--output", options.file,
                                     "By default, or for \"-\", standard output")
                         ->type_name("FILE")
                         ->check(refuse_empty);
                     take_revision(command, options);
                     take_force(command, options);
                   })
      ->footer(
          "Examples:\n"
          "  skerry session files archive work -o work.tar\n"
          "  skerry session files archive work data | tar -x -C here\n");
}

void add_changes(CLI::App& files) {
  add_store_action(
      files, "put", "Copy a file into the session, and replace one that is there", put_file,
      [](CLI::App& command, StoreOptions& options) {
        take_session(command, options);
        command.add_option("local", options.file, "\"-\": standard input")
            ->type_name("LOCAL")
            ->required()
            ->check(refuse_empty);
        take_path(command, options, "The session's file; one that ends in / is a directory for it")
            ->required();
      })
      ->footer(
          "Examples:\n"
          "  skerry session files put work in.csv data/\n"
          "  date | skerry session files put work - notes/date.txt\n");
  add_store_action(files, "move", "Rename a file or directory, and make the directories on the way",
                   move_file,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     take_path(command, options, "As it is called now")->required();
                     command.add_option("to", options.target, "And then")
                         ->type_name("TO")
                         ->required()
                         ->check(refuse_empty);
                   })
      ->alias("mv")
      ->footer("Example:\n  skerry session files move work data/in.csv old/in.csv\n");
  add_store_action(files, "remove", "Remove a file or directory", remove_file,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     take_path(command, options, "The session's file")->required();
                     take_recursive(command, options, "A directory with all that is in it");
                   })
      ->alias("rm")
      ->footer("Example:\n  skerry session files remove work data --recursive\n");
  add_store_action(files, "unpack", "Unpack a tar archive into a directory, whole or not at all",
                   unpack_files,
                   [](CLI::App& command, StoreOptions& options) {
                     take_session(command, options);
                     command.add_option("archive", options.file, "\"-\": standard input")
                         ->type_name("ARCHIVE")
                         ->required()
                         ->check(refuse_empty);
                     take_directory(command, options, "By default, the root");
                   })
      ->footer("Example:\n  tar -C project -c . | skerry session files unpack work - project\n");
}

}  // namespace

void add_file_commands(CLI::App& session) {
  CLI::App* files = session.add_subcommand(
      "files", "A session's files: list, get, put, move, remove, archive, unpack");
  files->require_subcommand(1);
  add_looks(*files);
  add_changes(*files);
  files->footer(
      "Files and archives have at most 64 MiB. A change is a revision, as a run's:\n"
      "`skerry session rewind` takes it back.\n\n"
      "Examples:\n"
      "  skerry session files put work in.csv data/\n"
      "  skerry session files list work --recursive\n"
      "  skerry session files get work data/out.csv - | head\n"
      "  tar -C project -c . | skerry session files unpack work - project\n"
      "  skerry session files archive work project -o project.tar\n");
}

}  // namespace skerry::app
