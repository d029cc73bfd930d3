// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/files/file_path.h"
#include "skerry/runtime/command.h"
#include "skerry/runtime/program.h"
#include "skerry/sandbox/limits.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {

/// Which session a run is one of, as a worker is told. Descriptors of a revision may come beside
/// it: `image::read_revision` reads them.
struct SessionStart {
  std::uint64_t becomes = 0;         ///< the number of the state that the run leaves
  std::uint64_t from = 0;            ///< of a state that the worker keeps; 0: of none
  std::string template_sha256 = {};  ///< without either: the template that it starts on
  std::string patch = {};            ///< of the revision whose descriptors come, if it has one
  std::uint32_t files = 0;           ///< of a file operation: how many of the descriptors are its
};

/// An operation on files of sessions, instead of a run: no guest code runs for it. Its answer, as
/// `operation::encode` gives it, is what it writes to standard output. Where it may change files
/// (its session becomes another state), it always leaves one, as `LeftFiles` says.
struct FileOrder {
  struct Volume {
    files::FilePath::Root root = files::FilePath::Root::kWorkspace;
    ByteSize quota = {};  ///< that clients may have in it
  };
  std::string operation =
      {};  ///< an encoded operation::Request; empty: the first file beside has it
  std::chrono::milliseconds time{30'000};  ///< after which it ends by itself
  Volume first = {};                       ///< the files of the order's session
  std::optional<Volume> second = {};       ///< those of the second session
};

/// A file that a program finds when it begins: made, or replaced, with the directories on its way.
struct InputFile {
  files::FilePath path;                        ///< of the workspace
  std::shared_ptr<const std::string> content;  ///< never null
};

/// One run, as a worker is told to do it: of a program, fresh or in a session, or of the command
/// whose module the worker was made for. A value.
struct RunRequest {
  /// The largest, encoded: a program of 32 MiB and as much standard input, and its files.
  static constexpr std::size_t kMaxSize = std::size_t{130} << 20;
  /// Files of one run, and bytes of all of them.
  static constexpr std::size_t kMaxFiles = 256;
  static constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

  runtime::Program program;
  std::optional<runtime::CommandLine> command;  ///< then there is no program
  sandbox::Limits limits;
  std::string template_name;
  std::string input;            ///< standard input: whole, or what comes before live input
  bool has_live_input = false;  ///< pieces of input follow while the program runs
  std::optional<std::uint64_t> seed;
  std::optional<std::chrono::nanoseconds> fixed_clock;
  std::chrono::nanoseconds clock_resolution{1};  ///< 1 ns to 1 s
  std::optional<SessionStart> session;
  std::optional<FileOrder> files;  ///< then there is no program either
  std::optional<SessionStart> second_session;
  FileChanges changes = FileChanges::kUnwanted;
  std::vector<InputFile> input_files;  ///< of a program
};

/// A piece of a run's live input. A value.
struct InputPiece {
  enum class Kind {
    kText,
    kEnd,        ///< no more comes
    kInterrupt,  ///< ends the wait for input
  };
  /// Bytes of text in one piece.
  static constexpr std::size_t kMaxText = std::size_t{64} << 10;

  Kind kind = Kind::kText;
  std::string text = {};
};

/// What a worker is told at one time.
struct WorkerOrder {
  /// The largest, encoded: a run's, and what says which session it is of.
  static constexpr std::size_t kMaxSize = RunRequest::kMaxSize + (std::size_t{128} << 10);

  std::optional<RunRequest> run;
  std::vector<std::uint64_t> forget;  ///< states that will not be asked for again
  std::optional<InputPiece> piece;    ///< of the run under way; without one, of a run that is over
};

/// The bytes that `decode` reads, in parts that follow one another: the program's text, the input
/// and the files, which may have 64 MiB each, are parts of their own and never copied. A value.
struct EncodedRun {
  std::vector<std::shared_ptr<const std::string>> parts;

  std::size_t size() const;
  std::string joined() const;
};

/// kResourceExhausted, naming the sizes, when they are too many.
Result<EncodedRun> encode(RunRequest&& request);

/// What is put behind a run's bytes to make it one of a session, or a file operation one on two of
/// them; and an order to forget.
std::string encode(const SessionStart& start);
std::string encode_second(const SessionStart& start);
std::string encode_forget(const std::vector<std::uint64_t>& states);
/// A piece of live input.
std::string encode(const InputPiece& piece);

/// kInternal when `bytes` are no order.
Result<WorkerOrder> decode(std::string_view bytes);

}  // namespace skerry::worker
