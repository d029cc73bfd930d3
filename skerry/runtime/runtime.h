// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/engine/limited_process.h"
#include "skerry/image/edits.h"
#include "skerry/runtime/blobs.h"
#include "skerry/runtime/program.h"
#include "skerry/sandbox/sandbox.h"

namespace skerry::runtime {

/// What lies beside a program's own files in the directory it begins in, the root: a place for
/// temporary files, the library, and a link to the root itself. A runtime puts nothing else there.
inline constexpr std::array<std::string_view, 3> kOwnNames{"tmp", "usr", "workspace"};

/// A state that sessions and fresh runs start from.
struct Template {
  std::string name;  ///< no other template has it, whatever its runtime
  /// All of ours that shapes it: a template that was made of another recipe is out of date. A
  /// function, since most programs compare one template or none.
  std::function<std::string()> recipe;
};

/// A file that must lie in the runtime's directory of the home, as somebody else made it.
struct Part {
  std::string name;
  std::string sha256;
};

/// How packages are added to the templates of a runtime: by a program of the host that gets them,
/// and by two that run in the guest.
struct PackageSupport {
  std::string interpreter;  ///< of the host, as found in PATH
  std::string fetch;        ///< its program; what it is asked stands at its top
  std::string fetcher;      ///< what gets packages, for people
  /// Prints, on a template, what `fetch` has to know of it: a JSON object.
  std::string contents;
  /// Unpacks the files in /wheels to /packages.tar, and prints a JSON array: for each of them an
  /// object with its "file", and with the "name", "version", "modules" and "is_needed", by others,
  /// of the package. On what is no package it fails, and says so.
  std::string unpack;
  std::string directory;  ///< of the guest, where the archive's files go
};

/// What makes a template another one, beside files that are there already.
struct Additions {
  std::vector<std::string> modules;           ///< that must be loaded
  std::vector<std::string> possible_modules;  ///< that are loaded if they can be
  std::optional<Program> program;             ///< run behind that
};

/// What is known of a runtime before anything is started. A value.
struct RuntimeDescription {
  std::string name;                 ///< of its directory, `Home::parts`, and in images
  std::string language;             ///< for people, as are the next two
  std::string interpreter;          ///< what runs the programs
  std::string version;              ///< of the interpreter
  std::vector<Template> templates;  ///< in the order in which set-up makes them
  /// Of them: for programs that name none. Empty only where there are no templates.
  std::string default_template;

  std::vector<Part> parts;
  std::string parts_title;         ///< what `skerry doctor` calls them
  std::string parts_command;       ///< gets them
  std::string module;              ///< the guest's: a file beside the parts, or one of them
  std::vector<std::string> blobs;  ///< those that guests read, as `BlobSet::build` takes them
  std::string patch;               ///< for `engine::patch`; empty: the module stays as it is
  std::string profile;             ///< for `engine::tune`; empty: the module is not tuned

  engine::CompileBudget budget;  ///< for compiling the module
  /// What its tables may hold; none: as much as any module's.
  std::optional<std::uint32_t> table_elements;
  ByteSize warm_up_memory;  ///< that making a template takes

  /// Touches the memory that every program touches: run by a worker before there is a run.
  std::string warm_program;
  /// Prints the global names that programs have made in a state, as a JSON object: each with an
  /// array of its type, its value and the value's digest, all three text. None: the language cannot
  /// tell.
  std::optional<Program> variables_program;
  /// None: packages cannot be added to its templates.
  std::optional<PackageSupport> packages = std::nullopt;
};

/// Whether a run's random numbers are its own: for a sandbox fresh from a template. A session keeps
/// the state it has.
enum class Randomness { kFresh, kKept };

/// A language: how its guest is started, warmed up, given a program and asked what became of it.
/// Where the guest's files lie and how they become templates is the same for all (`Installation`).
/// Has no state. Thread-safe.
class Runtime {
 public:
  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  virtual ~Runtime() = default;

  virtual const RuntimeDescription& description() const = 0;

  /// The files and directories that a guest finds when it is started. `blobs` has those that the
  /// description names.
  virtual Result<wasi::HostState> first_state(const BlobSet& blobs) const = 0;

  /// Starts the guest in a sandbox on fresh memory, with the module's segments in it, and makes it
  /// what every run on the template starts from. Returns facts for the image's manifest, which
  /// `run` and `fresh_random_states` find there. kInternal, with what the guest said, when it does
  /// not start.
  virtual Result<std::map<std::string, std::string>> warm_up(
      sandbox::Sandbox& sandbox, std::string_view template_name) const = 0;

  /// Runs `program` in a sandbox that is on one of the templates and was just loaded or reset. The
  /// Outcome holds everything but what only a supervisor knows (deadline, crash). Where
  /// `environment` has no call handler, the guest's reports are taken here. A Status is our own
  /// failure.
  virtual Result<sandbox::Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                                       sandbox::RunEnvironment environment,
                                       Randomness randomness) const = 0;

  /// Makes what `sandbox` holds, a template with further files, one that can be captured as
  /// another. Adds facts of its own to those of the template. The outcome is that of the first
  /// program that did not complete, or of the last; a template is made only if it completed.
  virtual Result<sandbox::Outcome> add(sandbox::Sandbox& sandbox, const Additions& additions,
                                       const sandbox::RunEnvironment& environment,
                                       std::map<std::string, std::string>& facts) const;

  /// What gives a template's memory, of `memory_size` bytes, random numbers of its own: for a
  /// session that begins without a run. `facts` are those of the template's manifest. kDataLoss
  /// when they are none.
  virtual Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                                   std::uint64_t memory_size) const = 0;
};

}  // namespace skerry::runtime
