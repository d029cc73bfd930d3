// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_process.h"

#include <array>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/child.h"
#include "skerry/base/file.h"
#include "skerry/run.pb.h"
#include "skerry/wasi/changes.h"
#include "skerry/wasi/host_files.h"

namespace skerry::worker {
namespace {

using proto::RunEvent;
using sandbox::Outcome;
using sandbox::OutcomeKind;
using Clock = std::chrono::steady_clock;

// The largest event either side takes; file contents go in pieces below it.
constexpr std::size_t kMaxEvent = std::size_t{16} << 20;
constexpr std::size_t kFilePiece = std::size_t{1} << 20;
constexpr std::size_t kMaxChanges = 100'000;

Status send(int fd, const RunEvent& event) {
  const std::string body = event.SerializeAsString();
  const auto length = static_cast<std::uint32_t>(body.size());
  std::string frame(sizeof length, '\0');
  std::memcpy(frame.data(), &length, sizeof length);
  frame += body;
  return write_all(fd, as_bytes(frame));
}

std::chrono::nanoseconds cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

RunEvent event_of(const Outcome& outcome) {
  RunEvent event;
  auto& ended = *event.mutable_ended();
  ended.set_kind(static_cast<int>(outcome.kind));
  ended.set_exit_code(outcome.exit_code);
  ended.set_message(outcome.message);
  if (outcome.limit) {
    ended.mutable_limit()->set_limit(outcome.limit->limit);
    ended.mutable_limit()->set_value(outcome.limit->value);
    ended.mutable_limit()->set_unit(outcome.limit->unit);
    ended.mutable_limit()->set_option(outcome.limit->option);
  }
  if (outcome.exception) {
    ended.mutable_exception()->set_type(outcome.exception->type);
    ended.mutable_exception()->set_message(outcome.exception->message);
    for (const sandbox::Frame& frame : outcome.exception->frames) {
      auto* item = ended.mutable_exception()->add_frames();
      item->set_file(frame.file);
      item->set_line(frame.line);
      item->set_function(frame.function);
      item->set_source(frame.source);
    }
  }
  if (outcome.result) ended.set_result(*outcome.result);
  ended.set_wall_ns(static_cast<std::uint64_t>(outcome.usage.wall.count()));
  ended.set_cpu_ns(static_cast<std::uint64_t>(outcome.usage.cpu.count()));
  ended.set_peak_memory(outcome.usage.peak_memory.value);
  ended.set_dirty_pages(outcome.usage.dirty_pages);
  if (outcome.usage.fuel) ended.set_fuel(*outcome.usage.fuel);
  return event;
}

Result<Outcome> outcome_of(const RunEvent::Ended& ended) {
  if (ended.kind() < 0 || ended.kind() > static_cast<int>(OutcomeKind::kCrashed)) {
    return absl::InternalError("the run's process reported an unknown outcome");
  }
  Outcome outcome;
  outcome.kind = static_cast<OutcomeKind>(ended.kind());
  outcome.exit_code = ended.exit_code() & 0xFF;
  outcome.message = ended.message();
  if (ended.has_limit()) {
    outcome.limit = {ended.limit().limit(), ended.limit().value(), ended.limit().unit(),
                     ended.limit().option()};
  }
  if (ended.has_exception()) {
    outcome.exception = {.type = ended.exception().type(),
                         .message = ended.exception().message(),
                         .is_memory = false,
                         .frames = {}};
    for (const auto& frame : ended.exception().frames()) {
      outcome.exception->frames.push_back(
          {frame.file(), frame.line(), frame.function(), frame.source()});
    }
  }
  if (ended.has_result()) outcome.result = ended.result();
  outcome.usage.wall = std::chrono::nanoseconds(ended.wall_ns());
  outcome.usage.cpu = std::chrono::nanoseconds(ended.cpu_ns());
  outcome.usage.peak_memory = bytes(ended.peak_memory());
  outcome.usage.dirty_pages = ended.dirty_pages();
  if (ended.has_fuel()) outcome.usage.fuel = ended.fuel();
  return outcome;
}

/// The child's end of the socket.
class SocketChannel final : public RunChannel, private wasi::OutputSink {
 public:
  SocketChannel(int fd, ByteSize limit) : fd_(fd), left_{limit.value, limit.value} {}

  wasi::OutputSink& output() override { return *this; }

  Status started() override {
    wall_ = Clock::now();
    cpu_ = cpu_time();
    RunEvent event;
    event.mutable_started();
    return send(fd_, event);
  }

  Status changed(const FileChange& change) override {
    RunEvent event;
    auto& message = *event.mutable_change();
    message.set_kind(static_cast<RunEvent::FileChange::Kind>(static_cast<int>(change.kind) + 1));
    message.set_path(change.path);
    message.set_content(change.content);
    message.set_append(change.is_further_piece);
    return send(fd_, event);
  }

  Status ended(Outcome outcome) {
    outcome.usage.wall = Clock::now() - wall_;
    outcome.usage.cpu = cpu_time() - cpu_;
    return send(fd_, event_of(outcome));
  }

 private:
  // Output past the limit is taken and dropped: to the guest it looks written.
  Status write(wasi::Stream stream, std::span<const std::byte> bytes) override {
    const bool is_stderr = stream == wasi::Stream::kStderr;
    std::uint64_t& left = left_[is_stderr ? 1 : 0];
    while (!bytes.empty() && left != kCut) {
      const auto piece = bytes.first(std::min<std::uint64_t>({bytes.size(), left, kFilePiece}));
      RunEvent event;
      event.mutable_output()->set_is_stderr(is_stderr);
      event.mutable_output()->set_bytes(piece.data(), piece.size());
      left -= piece.size();
      bytes = bytes.subspan(piece.size());
      if (left == 0 && !bytes.empty()) {
        event.mutable_output()->set_cut(true);
        left = kCut;
      }
      SKERRY_TRY(send(fd_, event));
    }
    return ok_status();
  }

  static constexpr std::uint64_t kCut = ~std::uint64_t{0};
  int fd_;
  std::array<std::uint64_t, 2> left_;
  Clock::time_point wall_ = Clock::now();
  std::chrono::nanoseconds cpu_ = cpu_time();
};

int run_child(const RunBody& body, const sandbox::Limits& limits, int fd) {
  // The supervisor decides what a terminal's Ctrl-C means. SIGPIPE: it has gone, and so will we.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  SocketChannel channel(fd, limits.output);
  auto outcome = body(channel);
  if (outcome.ok()) return channel.ended(*std::move(outcome)).ok() ? 0 : 125;
  RunEvent event;
  event.mutable_failed()->set_code(static_cast<int>(outcome.status().code()));
  event.mutable_failed()->set_message(std::string(message_of(outcome.status())));
  (void)send(fd, event);
  return 125;
}

/// The supervisor's end: turns bytes into checked events.
class Supervision {
 public:
  Supervision(const sandbox::Limits& limits, RunObserver& observer)
      : limits_(limits), observer_(observer), left_{limits.output.value, limits.output.value} {}

  /// Takes what the child sent. False at end of file.
  Result<bool> receive(int fd) {
    char buffer[65536];
    SKERRY_ASSIGN(const ssize_t got,
                  syscall_result("read", "run", [&] { return ::read(fd, buffer, sizeof buffer); }));
    if (got == 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(got));
    std::size_t at = 0;
    for (;;) {
      std::uint32_t length = 0;
      if (pending_.size() - at < sizeof length) break;
      std::memcpy(&length, pending_.data() + at, sizeof length);
      if (length > kMaxEvent)
        return absl::InternalError("the run's process sent an event too large");
      if (pending_.size() - at - sizeof length < length) break;
      RunEvent event;
      if (!event.ParseFromArray(pending_.data() + at + sizeof length, static_cast<int>(length))) {
        return absl::InternalError("the run's process sent an event that is none");
      }
      at += sizeof length + length;
      SKERRY_TRY(take(event));
    }
    pending_.erase(0, at);
    return true;
  }

  bool has_started() const { return started_.has_value(); }
  bool has_ended() const { return ended_.has_value(); }
  bool sends_results() const { return changes_ > 0; }
  Clock::time_point deadline() const { return *started_ + limits_.wall; }
  std::chrono::nanoseconds elapsed() const {
    return started_ ? Clock::now() - *started_ : std::chrono::nanoseconds(0);
  }
  const std::optional<Outcome>& ended() const { return ended_; }
  const Status& failure() const { return failure_; }

 private:
  Status take(const RunEvent& event) {
    switch (event.event_case()) {
      case RunEvent::kStarted:
        if (!started_) started_ = Clock::now();
        return ok_status();
      case RunEvent::kOutput:
        take_output(event.output());
        return ok_status();
      case RunEvent::kChange: {
        const auto& change = event.change();
        if (change.kind() < 1 || change.kind() > 4 || ++changes_ > kMaxChanges * 2) {
          return absl::InternalError("the run's process reported an impossible file change");
        }
        observer_.changed({.kind = static_cast<FileChange::Kind>(change.kind() - 1),
                           .path = change.path(),
                           .content = change.content(),
                           .is_further_piece = change.append()});
        return ok_status();
      }
      case RunEvent::kEnded: {
        SKERRY_ASSIGN(ended_, outcome_of(event.ended()));
        return ok_status();
      }
      case RunEvent::kFailed:
        failure_.Update(
            Status(static_cast<StatusCode>(event.failed().code()), event.failed().message()));
        return ok_status();
      case RunEvent::EVENT_NOT_SET:
        break;
    }
    return absl::InternalError("the run's process sent an unknown event");
  }

  void take_output(const RunEvent::Output& output) {
    const auto stream = output.is_stderr() ? wasi::Stream::kStderr : wasi::Stream::kStdout;
    std::uint64_t& left = left_[output.is_stderr() ? 1 : 0];
    const auto piece = std::string_view(output.bytes()).substr(0, left);
    left -= piece.size();
    if (!piece.empty()) observer_.output(stream, piece);
    if (output.cut()) observer_.cut(stream);
  }

  const sandbox::Limits& limits_;
  RunObserver& observer_;
  std::array<std::uint64_t, 2> left_;
  std::string pending_;
  std::optional<Clock::time_point> started_;
  std::optional<Outcome> ended_;
  Status failure_;
  std::size_t changes_ = 0;
};

/// SIGINT and SIGTERM as a readable descriptor, as long as it lives.
class StopSignals {
 public:
  static Result<StopSignals> block() {
    StopSignals signals;
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &set, &signals.before_);
    SKERRY_ASSIGN(const int fd, syscall_result("signalfd", {},
                                               [&] { return ::signalfd(-1, &set, SFD_CLOEXEC); }));
    signals.fd_ = OwnedFd(fd);
    return signals;
  }
  StopSignals(StopSignals&&) noexcept = default;
  ~StopSignals() {
    if (fd_.is_open()) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  int fd() const { return fd_.get(); }

 private:
  StopSignals() = default;
  OwnedFd fd_;
  sigset_t before_{};
};

enum class Stop { kNone, kDeadline, kCancelled };

Outcome stopped_outcome(Stop stop, const sandbox::Limits& limits) {
  Outcome outcome;
  outcome.kind = stop == Stop::kDeadline ? OutcomeKind::kDeadline : OutcomeKind::kCancelled;
  outcome.exit_code = exit_code_of(outcome.kind);
  if (stop == Stop::kCancelled) {
    outcome.message = "cancelled";
    return outcome;
  }
  const double seconds = static_cast<double>(limits.wall.count()) / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%g", seconds);
  outcome.message = std::string("ran longer than ") + text + " s; allow more with " +
                    std::string(sandbox::kWallLimit.option);
  outcome.limit = {std::string(sandbox::kWallLimit.key), seconds,
                   std::string(sandbox::kWallLimit.unit), std::string(sandbox::kWallLimit.option)};
  return outcome;
}

Outcome died_outcome(const ChildExit& exit, const sandbox::Limits& limits) {
  Outcome outcome;
  // Nobody else kills our children: an unasked SIGKILL is the kernel's, for want of memory.
  if (exit.signal == SIGKILL) {
    outcome.kind = OutcomeKind::kOutOfMemory;
    outcome.message = "its process was killed for want of memory; lower " +
                      std::string(sandbox::kMemoryLimit.option) + " or give the machine more";
    outcome.limit = {
        std::string(sandbox::kMemoryLimit.key), static_cast<double>(limits.memory.value),
        std::string(sandbox::kMemoryLimit.unit), std::string(sandbox::kMemoryLimit.option)};
  } else {
    outcome.kind = OutcomeKind::kCrashed;
    outcome.message = exit.signal != 0 ? "its process died of signal " + std::to_string(exit.signal)
                                       : "its process ended without an outcome, exit code " +
                                             std::to_string(exit.code);
  }
  outcome.exit_code = exit_code_of(outcome.kind);
  return outcome;
}

/// Takes events until the child has closed its end; kills it at its deadline and when a signal asks
/// for it.
Result<Stop> relay(Supervision& supervision, Child& child, int events, int stop_signals) {
  Stop stop = Stop::kNone;
  for (bool open = true; open;) {
    std::array<pollfd, 3> waiting{
        {{events, POLLIN, 0}, {stop_signals, POLLIN, 0}, {child.pidfd(), POLLIN, 0}}};
    int timeout = -1;
    // Sending results may go on past the deadline: the guest itself has ended in time.
    if (supervision.has_started() && !supervision.sends_results() && stop == Stop::kNone) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(supervision.deadline() - Clock::now());
      timeout = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    }
    SKERRY_ASSIGN(const int ready, syscall_result("poll", {}, [&] {
                    return ::poll(waiting.data(), waiting.size(), timeout);
                  }));
    if (ready == 0 && timeout >= 0) {
      stop = Stop::kDeadline;
      child.kill();
    }
    if ((waiting[1].revents & POLLIN) != 0 && stop == Stop::kNone) {
      signalfd_siginfo ignored{};
      (void)!::read(stop_signals, &ignored, sizeof ignored);
      stop = Stop::kCancelled;
      child.kill();
    }
    if (waiting[0].revents != 0) {
      SKERRY_ASSIGN(open, supervision.receive(events));
    }
    if (supervision.has_ended())
      break;  // nothing follows an outcome, and nobody waits for a process that stays
  }
  child.kill();
  return stop;
}

}  // namespace

Result<std::size_t> DescriptorInput::read(std::span<std::byte> out) {
  SKERRY_ASSIGN(const ssize_t got, syscall_result("read", "standard input", [&] {
                  return ::read(fd_, out.data(), out.size());
                }));
  return static_cast<std::size_t>(got);
}

Result<bool> DescriptorInput::wait(wasi::Nanoseconds at_most) {
  pollfd waiting{fd_, POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  const timespec limit{static_cast<time_t>(std::min<std::uint64_t>(seconds.count(), 1U << 30)),
                       static_cast<long>((at_most - seconds).count())};
  SKERRY_ASSIGN(const int ready, syscall_result("ppoll", "standard input", [&] {
                  return ::ppoll(&waiting, 1, &limit, nullptr);
                }));
  return ready > 0;
}

Result<Outcome> supervise(const RunBody& body, const sandbox::Limits& limits,
                          RunObserver& observer) {
  int ends[2];
  SKERRY_TRY(syscall_result("socketpair", {}, [&] {
               return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
             }).status());
  OwnedFd ours(ends[0]);
  OwnedFd theirs(ends[1]);
  SKERRY_ASSIGN(const StopSignals signals, StopSignals::block());
  SKERRY_ASSIGN(Child child, Child::fork([&] {
                  ours.close();
                  return run_child(body, limits, theirs.get());
                }));
  theirs.close();
  Supervision supervision(limits, observer);
  SKERRY_ASSIGN(const Stop stop, relay(supervision, child, ours.get(), signals.fd()));
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  if (supervision.ended()) return *supervision.ended();
  Outcome outcome =
      stop == Stop::kNone ? died_outcome(exit, limits) : stopped_outcome(stop, limits);
  if (stop == Stop::kNone && !supervision.failure().ok()) return supervision.failure();
  outcome.usage.wall = supervision.elapsed();
  outcome.usage.cpu = exit.cpu;
  return outcome;
}

Status send_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                    RunChannel& channel) {
  SKERRY_ASSIGN(const auto changes, wasi::changes_since(before, after, kMaxChanges));
  for (const wasi::Change& change : changes) {
    if (change.path == "/tmp" || change.path.starts_with("/tmp/")) continue;
    FileChange message{.kind = FileChange::Kind::kRemoved, .path = change.path, .content = {}};
    if (change.kind == wasi::Change::Kind::kDeleted) {
      SKERRY_TRY(channel.changed(message));
      continue;
    }
    switch (change.type) {
      case wasi::FileType::kDirectory:
        message.kind = FileChange::Kind::kDirectory;
        SKERRY_TRY(channel.changed(message));
        break;
      case wasi::FileType::kSymbolicLink: {
        message.kind = FileChange::Kind::kSymlink;
        SKERRY_ASSIGN(message.content, wasi::read_symlink(after, change.path));
        SKERRY_TRY(channel.changed(message));
        break;
      }
      default: {
        message.kind = FileChange::Kind::kFile;
        SKERRY_ASSIGN(const std::string content, wasi::read_file(after, change.path, mib(4096)));
        std::size_t at = 0;
        do {
          message.content = content.substr(at, kFilePiece);
          message.is_further_piece = at > 0;
          SKERRY_TRY(channel.changed(message));
          at += kFilePiece;
        } while (at < content.size());
      }
    }
  }
  return ok_status();
}

}  // namespace skerry::worker
