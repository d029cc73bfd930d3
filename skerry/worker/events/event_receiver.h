// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "skerry/base/status.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/worker/events/event_wire.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::worker {

/// The supervisor's end of a run: turns bytes into checked events of one run. The bytes are
/// untrusted. Each kind of event may come so often, and bring so much, as an honest process sends:
/// whatever comes, the receiver holds less than 5 MiB, and of paths 64 MiB where changes are
/// wanted, 32 MiB where they are reported. Borrows the observer. Confined to one thread.
class EventReceiver {
 public:
  /// Whether the run may say that it waits for a person: then its clock stands.
  enum class Person {
    kNone,
    kMayBeAwaited,
    kAnswersThroughUs,  ///< a wait ends by what we send alone, which `answered` counts
  };

  EventReceiver(const sandbox::Limits& limits, FileChanges changes, RunObserver& observer,
                Person person = Person::kNone);

  /// Takes bytes as they come. Output of one stream that lies in them in several pieces reaches the
  /// observer as one. kInternal, naming the broken rule, when they are no events of a run.
  Status take(std::string_view bytes);

  /// When the process is to be killed: the run's wall time after its start, without what it waited
  /// for input, and `kResultsTime` later once file changes come; or while it waits, when all its
  /// waits together reach the limit for input. None before it has started.
  std::optional<std::chrono::steady_clock::time_point> deadline() const;
  RunPhase phase() const;
  bool is_waiting() const { return waiting_since_.has_value(); }
  /// How often it has waited so far.
  int waits() const { return waits_; }
  bool wants_changes() const { return wanted_ == FileChanges::kWanted; }
  bool has_changes() const { return changes_ > 0; }
  /// The process was sent something that may end a wait.
  void answered() { ++answers_; }
  /// The program's time: since its start, without waits for input.
  std::chrono::nanoseconds elapsed() const;

  const std::optional<sandbox::Outcome>& ended() const { return ended_; }
  /// Whether the worker says that it keeps the state that it hands over.
  bool is_kept() const { return is_kept_; }
  /// The state that came with the outcome, if it is no file.
  std::string take_state() { return std::move(state_); }
  /// The process's own failure, if it reported one instead of an outcome; else OK.
  const Status& failure() const { return failure_; }
  /// Whether the run is over, either way: nothing may follow.
  bool is_over() const { return ended_.has_value() || !failure_.ok(); }

 private:
  struct Stream {
    std::uint64_t left = 0;
    bool is_cut = false;
  };
  /// The file whose pieces come.
  struct OpenFile {
    std::string path;
    std::uint64_t size = 0;
    std::uint64_t end = 0;  // of what came
  };

  Status take_event(const EventFrame& frame);
  Status take_started();
  Status take_waiting(std::string_view message);
  Status take_display(std::string_view message);
  Status take_output(std::string_view message);
  Status take_change(std::string_view message);
  Status take_file(const FileChange& change);
  bool is_possible(const FileChange& change) const;
  Status take_ended(std::string_view message);
  Status take_failed(std::string_view message);
  void pass_output(wasi::Stream stream, std::string_view bytes);
  void flush_output();

  const sandbox::Limits limits_;
  const FileChanges wanted_;
  const Person person_;
  RunObserver& observer_;
  std::string pending_;  // the beginning of an event
  std::array<Stream, 2> streams_;
  sandbox::DisplayQuota shown_;
  // Output that the observer has not got yet, during `take`: one piece where it lies, or several in
  // a copy.
  wasi::Stream output_stream_ = wasi::Stream::kStdout;
  std::string_view output_;
  std::string joined_;
  std::optional<std::chrono::steady_clock::time_point> started_;
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
  std::chrono::nanoseconds waited_{0};  // before
  int waits_ = 0;
  int answers_ = 0;
  std::size_t changes_ = 0;
  std::size_t path_bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t reported_bytes_ = 0;  // of those, contents that are reported
  std::optional<OpenFile> file_;
  std::unordered_set<std::string> files_;  // what hard links may lead to
  std::optional<sandbox::Outcome> ended_;
  bool is_kept_ = false;
  std::string state_;
  Status failure_;
};

}  // namespace skerry::worker
