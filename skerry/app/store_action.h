// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/runtime/home.h"
#include "skerry/store/session_store.h"

namespace CLI {
class App;
}

namespace skerry::app {

/// What the commands on sessions and their store take; each uses its own.
struct StoreOptions {
  std::string name;       ///< a session
  bool has_name = false;  ///< where `name` may be left out: whether it was not, though it be empty
  std::string other;      ///< a revision, a label or a second name
  std::string second;     ///< a second revision
  std::string file;       ///< "-": standard input or output
  std::string path;       ///< of a session's file or directory
  std::string target;     ///< where that goes
  bool recursive = false;
  bool force = false;
  bool json = false;
};

/// Does what one command is for, and prints what there is to tell.
using HomeAction = std::function<Status(const runtime::Home&, const StoreOptions&)>;
using StoreAction =
    std::function<Status(store::SessionStore&, const runtime::Home&, const StoreOptions&)>;

/// Adds the command `name` to `parent`: `arguments` adds what it takes besides --json. Chosen, it
/// opens the home's store and carries `action` out; a failure is reported and ends the process with
/// 125, or where it is kCancelled, with 130. Returns the command.
CLI::App* add_store_action(CLI::App& parent, const char* name, const char* description,
                           StoreAction action,
                           const std::function<void(CLI::App&, StoreOptions&)>& arguments);

/// The same for an action that does not want the store open.
CLI::App* add_home_action(CLI::App& parent, const char* name, const char* description,
                          HomeAction action,
                          const std::function<void(CLI::App&, StoreOptions&)>& arguments);

/// Refuses a value that is empty: a script's variable that is not set must not mean that an
/// argument was left out. For CLI::Option::check.
std::string refuse_empty(const std::string& value);

/// Adds the argument NAME, a session.
void take_name(CLI::App& command, StoreOptions& options);

/// "12 B", "3.4 KiB", "5.6 MiB".
std::string size_text(std::int64_t bytes);

/// The argument FILE for reading: the file itself, or standard input for "-".
Result<OwnedFd> open_input(const std::string& file);

/// What becomes of a file that is there already.
enum class Existing { kReplaced, kKept };

/// Where FILE is a file, calls `write` with one that appears whole or not at all; kAlreadyExists
/// where it is there and kept. Where it is "-" or a pipe, `write` gets that. Errors name FILE.
Status write_output(const std::string& file, const std::function<Status(int)>& write,
                    Existing existing = Existing::kReplaced);

/// kAlreadyExists, saying what to do, when `write_output` would refuse to replace FILE.
Status check_output(const std::string& file, Existing existing);

/// Adds `export` and `import` to `skerry session`: a revision to a file and back, as a session of
/// its own.
void add_transfer_commands(CLI::App& session);

/// Adds `skerry session files`: the files of a session, one by one and as archives.
void add_file_commands(CLI::App& session);

}  // namespace skerry::app
