// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "skerry/base/os/child.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/image/edits.h"
#include "skerry/sandbox/display.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/wasi/environment.h"
#include "skerry/wasi/files/changes.h"
#include "skerry/worker/events/delayed_output.h"
#include "skerry/worker/events/stream_ends.h"

namespace skerry::proto {
class RunEvent;
}  // namespace skerry::proto

namespace skerry::worker {

/// How much later than the run's wall limit its file changes may arrive.
inline constexpr std::chrono::seconds kResultsTime{5};
/// Bytes of output in one event: what a consumer that is full may get on top.
inline constexpr std::size_t kOutputPiece = std::size_t{64} << 10;
/// Bytes of a file's content in one event.
inline constexpr std::size_t kFilePiece = std::size_t{64} << 10;
/// File changes of one run, and bytes of one path: 64 directories with names of 255 bytes, twice.
inline constexpr wasi::ChangeLimits kChangeLimits;
inline constexpr std::size_t kMaxPath = std::size_t{32} << 10;
/// What an outcome may tell, each cut to it when it is sent: bytes of texts; of an exception and
/// its causes together frames, notes, causes, and bytes of all of them.
inline constexpr std::size_t kMaxMessage = std::size_t{128} << 10;
inline constexpr std::size_t kMaxResult = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFrames = 128;
inline constexpr std::size_t kMaxNotes = 64;
inline constexpr std::size_t kMaxCauses = 16;
inline constexpr std::size_t kMaxTracebackText = std::size_t{1} << 20;
/// Bytes of a state that is sent with the outcome; a larger one is sent as a file.
inline constexpr std::size_t kMaxStateBytes = 2 * image::Edits::kMaxInPatch;

/// Whether the supervisor is to get a run's file changes.
enum class FileChanges {
  kUnwanted,
  kWanted,    ///< all of them, or the run fails
  kReported,  ///< of files, as many and as much of their content as the bounds below allow
};
/// Of changes that are reported: how many, and bytes of all contents together.
inline constexpr std::size_t kMaxReported = 1000;
inline constexpr std::size_t kMaxReportedBytes = std::size_t{64} << 20;

/// One thing that a run did to a file, in the order in which it is to be carried out.
struct FileChange {
  /// The last: further changes are not reported.
  enum class Kind { kFile, kDirectory, kSymlink, kRemoved, kHardLink, kMore };
  Kind kind = Kind::kFile;
  std::string path = {};  ///< in the guest, absolute; untrusted
  /// Of a file: a piece of it; of a symbolic link: its target; of a hard link: the path of a file
  /// that came before.
  std::string content = {};
  bool is_further_piece = false;
  std::uint64_t offset = 0;  ///< of the piece. What lies between pieces and behind them is a hole
  std::uint64_t size = 0;    ///< of the file, with its first piece
  /// Permissions of a file or directory that has a mode.
  std::optional<wasi::Mode> permissions = {};
  bool is_new = false;        ///< of a file: the run made it
  bool is_left_out = false;   ///< of a reported file: there is no room for its content
  bool is_directory = false;  ///< of what is removed
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
  /// Something that the caller should know, in our words: that a session begins anew. Before the
  /// run starts.
  virtual void warned(std::string_view text) { (void)text; }
  virtual void output(wasi::Stream stream, std::string_view bytes) = 0;
  /// The stream's limit was met; nothing more of it follows. At most once for each stream.
  virtual void cut(wasi::Stream stream) = 0;
  /// The program shows a value. Output before it has come. It keeps the rules of `Display::check`,
  /// and all of a run those of `DisplayQuota`.
  virtual void displayed(sandbox::Display&& display) { (void)display; }
  /// Whether the stream still reaches its consumer; once it does not, it never will again.
  virtual StreamEnds::State state_of(wasi::Stream stream) const {
    (void)stream;
    return StreamEnds::State::kOpen;
  }
  /// Only of runs whose changes are wanted.
  virtual void changed(const FileChange& change) = 0;
  /// No more changes come: these were all, and the last is whole.
  virtual void changed_all() {}

  /// The program waits for input from now on, or does no longer. Output before it has come.
  virtual void waiting(bool is_waiting) { (void)is_waiting; }

  /// Whether the consumer holds as much as it can for now. Then the run's socket is not read, so
  /// that the guest blocks in its next write, until there is room again. Time limits hold
  /// meanwhile. What the socket holds when its process has ended, or its time is over, still comes:
  /// together with the piece that made the consumer full less than 512 KiB.
  virtual bool is_full() const { return false; }

  /// To be called by a consumer on a broker's loop when `is_full` has become false; harmless at any
  /// other time. Output may come later, never during the call.
  void resume() const {
    if (resume_) resume_();
  }

  /// For `supervise`, which has no loop: the descriptor that the consumer waits to write to, -1 for
  /// none; and what it does when it can.
  virtual int awaited() const { return -1; }
  virtual void go_on() {}
  /// For `supervise`, too: the longest that may pass without a call of `go_on`; none: any time.
  virtual std::optional<std::chrono::milliseconds> pulse() const { return std::nullopt; }

  /// For the supervisor: what `resume` does, until the run is over.
  void set_resume(std::function<void()> resume) { resume_ = std::move(resume); }

 private:
  std::function<void()> resume_;
};

/// What the guest's side of a run's process works with.
class RunChannel {
 public:
  virtual ~RunChannel() = default;
  /// Where the guest's streams go; output over the limit is cut.
  virtual wasi::OutputSink& output() = 0;
  /// Where values go that it shows; null: nowhere.
  virtual sandbox::DisplaySink* displays() { return nullptr; }
  /// Call right before the guest's first instruction: the deadline counts from here, and where the
  /// process is to be jailed, the jail shuts. Of its descriptors only `kept` stay open.
  virtual Status started(std::span<const int> kept = {}) = 0;
  virtual Status changed(const FileChange& change) = 0;
  /// The guest waits for input from now on, or does no longer: that time is not the program's.
  virtual Status waiting(bool is_waiting) = 0;
  /// Readable when the supervisor has an interruption for whoever waits, one byte each; -1: it has
  /// none.
  virtual int interruptions() const { return -1; }
  /// The run was stopped, and has sent the files that it changed. Where the supervisor asks for
  /// that it ends the process.
  virtual void stopped() {}
};

/// Asks the process of a run for the files that it changed so far, and to end.
inline constexpr int kStopSignal = SIGUSR1;

/// `body` behind its length in four bytes, as both sides send it.
std::string framed(std::string_view body);
/// What is put before a body of so many bytes to frame it.
std::string frame_prefix(std::size_t size);

/// What a worker sends when it is warm, before any run.
std::string ready_message();

/// Whose SIGKILL ended a process that we did not kill, as its control group counts.
enum class KilledBy {
  kUnknown,  ///< it has no group
  kMemory,   ///< the kernel's, for want of memory
  kOther,
};

/// What a run was doing when its time was over.
enum class RunPhase {
  kProgram,
  kInput,    ///< it waited for input
  kResults,  ///< its process sent file changes
};

/// How a run ended whose process was killed at its deadline, was killed because its caller asked,
/// or died of something else. Where nobody can tell, a SIGKILL counts as the kernel's for want of
/// memory: others do not kill our processes.
sandbox::Outcome deadline_outcome(const sandbox::Limits& limits, RunPhase phase);
sandbox::Outcome cancelled_outcome();
sandbox::Outcome died_outcome(const ChildExit& exit, const sandbox::Limits& limits,
                              KilledBy killed_by);

/// The guest's end of a run: sends its events over a stream socket. Borrows the socket. Confined to
/// one thread.
class EventSender : public RunChannel, private wasi::OutputSink, private sandbox::DisplaySink {
 public:
  /// Borrows `ends`, which may be null: what it says is the guest's to know.
  EventSender(int socket, ByteSize output_limit, const StreamEnds* ends = nullptr);

  wasi::OutputSink& output() override { return *this; }
  sandbox::DisplaySink* displays() override { return this; }
  Status started(std::span<const int> kept = {}) override;
  Status changed(const FileChange& change) override;
  Status waiting(bool is_waiting) override;
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
  // Output past the limit is taken and dropped: to the guest it looks written. What nobody reads
  // is refused.
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override;
  Status displayed(const sandbox::Display& display) override;

  Status send(const proto::RunEvent& event);

  int socket_;
  const StreamEnds* ends_;
  DelayedOutput output_;
  std::array<std::uint64_t, 2> left_;
  sandbox::DisplayQuota shown_;
  Clock::time_point wall_;
  std::chrono::nanoseconds cpu_;
  Clock::time_point waiting_since_;
  std::chrono::nanoseconds waited_{0};
};

}  // namespace skerry::worker
