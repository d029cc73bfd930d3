// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/child.h"
#include "skerry/base/fd.h"
#include "skerry/base/status.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/wasi/world.h"

namespace skerry::proto {
class RunEvent;
}  // namespace skerry::proto

namespace skerry::worker {

/// The largest event; file contents go in pieces below it.
inline constexpr std::size_t kMaxEvent = std::size_t{16} << 20;
/// How long results may take to be sent when the guest itself has ended.
inline constexpr std::chrono::seconds kResultsTime{60};
/// Content of one piece of output or of a file.
inline constexpr std::size_t kPiece = std::size_t{1} << 20;
/// Files that one run may have changed.
inline constexpr std::size_t kMaxChanges = 100'000;

/// One thing that a run did to a file, in the order in which it is to be carried out.
struct FileChange {
  enum class Kind { kFile, kDirectory, kSymlink, kRemoved };
  Kind kind = Kind::kFile;
  std::string path;     ///< in the guest, absolute; untrusted
  std::string content;  ///< the file's bytes, or a piece of them; a link's target
  bool is_further_piece = false;
};

/// The state that a run in a session left: a sealed file as `image::write_captured` made it, or
/// where it is small, bytes as `image::encode_captured` did. Untrusted.
struct LeftState {
  OwnedFd file;
  std::string bytes;
  bool is_there() const { return file.is_open() || !bytes.empty(); }
};

/// Sees a run while it happens. Calls come on the supervising thread. Everything is the guest's:
/// untrusted, within limits.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// The program's time counts from here. May come again, where a worker died before it.
  virtual void started() {}
  virtual void output(wasi::Stream stream, std::string_view bytes) = 0;
  /// The stream's limit was met; nothing more of it follows.
  virtual void cut(wasi::Stream stream) = 0;
  virtual void changed(const FileChange& change) = 0;
};

/// What the guest's side of a run's process works with.
class RunChannel {
 public:
  virtual ~RunChannel() = default;
  /// Where the guest's streams go; output over the limit is cut.
  virtual wasi::OutputSink& output() = 0;
  /// Call right before the guest's first instruction: the deadline counts from here, and where the
  /// process is to be jailed, the jail shuts. Of its descriptors only `kept` stay open.
  virtual Status started(std::span<const int> kept = {}) = 0;
  virtual Status changed(const FileChange& change) = 0;
};

/// `body` behind its length in four bytes, as both sides send it.
std::string framed(std::string_view body);

/// What a worker sends when it is warm, before any run.
std::string ready_message();

/// Whose SIGKILL ended a process that we did not kill, as its control group counts.
enum class KilledBy {
  kUnknown,  ///< it has no group
  kMemory,   ///< the kernel's, for want of memory
  kOther,
};

/// How a run ended whose process was killed at its deadline, was killed because its caller asked,
/// or died of something else. Where nobody can tell, a SIGKILL counts as the kernel's for want of
/// memory: others do not kill our processes.
sandbox::Outcome deadline_outcome(const sandbox::Limits& limits);
sandbox::Outcome cancelled_outcome();
sandbox::Outcome died_outcome(const ChildExit& exit, const sandbox::Limits& limits,
                              KilledBy killed_by);

/// The guest's end of a run: sends its events over a stream socket. Borrows the socket. Confined to
/// one thread.
class EventSender : public RunChannel, private wasi::OutputSink {
 public:
  EventSender(int socket, ByteSize output_limit);

  wasi::OutputSink& output() override { return *this; }
  Status started(std::span<const int> kept = {}) override;
  Status changed(const FileChange& change) override;
  /// The last event of a run; fills in the times that the run took.
  Status ended(sandbox::Outcome outcome);
  /// The same in a session: hands over the state that the run left, and says whether this worker
  /// keeps it.
  Status ended(sandbox::Outcome outcome, const LeftState& left, bool is_kept);
  /// Instead of an outcome: our own failure.
  Status failed(const Status& status);

 private:
  using Clock = std::chrono::steady_clock;
  void add_times(sandbox::Outcome& outcome) const;
  // Output past the limit is taken and dropped: to the guest it looks written.
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override;

  int socket_;
  std::array<std::uint64_t, 2> left_;
  Clock::time_point wall_;
  std::chrono::nanoseconds cpu_;
};

/// The other end: turns bytes into checked events of one run. Believes none of it: sizes, kinds and
/// counts are checked, output is counted a second time. Borrows the observer. Confined to one
/// thread.
class EventReceiver {
 public:
  EventReceiver(const sandbox::Limits& limits, RunObserver& observer);

  /// Takes bytes as they come. kInternal, naming the broken rule, when they are no events of a run.
  Status take(std::string_view bytes);

  /// When the process is to be killed: the run's wall time after its start, and once its results
  /// come, `kResultsTime` after the first. None before it has started.
  std::optional<std::chrono::steady_clock::time_point> deadline() const { return deadline_; }
  std::chrono::nanoseconds elapsed() const;
  const std::optional<sandbox::Outcome>& ended() const { return ended_; }
  /// Whether the worker says that it keeps the state that it hands over.
  bool is_kept() const { return is_kept_; }
  /// The state that came with the outcome, if it is no file.
  std::string take_state() { return std::move(state_); }
  /// The process's own failure, as it told; OK when it told none.
  const Status& failure() const { return failure_; }
  /// Whether the run is over, either way: nothing may follow.
  bool is_over() const { return ended_.has_value() || !failure_.ok(); }

 private:
  Status take_event(const proto::RunEvent& event);
  void take_output(wasi::Stream stream, std::string_view bytes, bool is_cut);

  const sandbox::Limits limits_;
  RunObserver& observer_;
  std::array<std::uint64_t, 2> left_;
  std::string pending_;
  std::optional<std::chrono::steady_clock::time_point> started_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::optional<sandbox::Outcome> ended_;
  bool is_kept_ = false;
  std::string state_;
  Status failure_;
  std::size_t changes_ = 0;
};

}  // namespace skerry::worker
