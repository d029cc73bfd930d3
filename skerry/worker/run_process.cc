// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_process.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/os/child.h"
#include "skerry/base/os/file.h"
#include "skerry/base/os/safe_point.h"
#include "skerry/base/os/socket.h"
#include "skerry/base/sanitizer.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/probe.h"
#include "skerry/worker/events/event_receiver.h"
#include "skerry/worker/order_source.h"
#include "skerry/worker/raised_walls.h"
#include "skerry/worker/run_memory.h"

namespace skerry::worker {
namespace {

using sandbox::Outcome;
using Clock = std::chrono::steady_clock;

// What a command line and its program may have: RunRequest::kMaxSize is a worker's.
constexpr std::size_t kMaxProgram = std::size_t{32} << 20;

// How a failure begins that is the jail's: then the guest has not begun.
constexpr std::string_view kJail = "the jail: ";

// How long a run that is to end may take until the first of its changed files comes; all of them
// have kResultsTime.
constexpr std::chrono::milliseconds kStopTime{250};

// What it reports then. Why it was stopped the supervisor knows better.
constexpr sandbox::OutcomeKind kStopped = sandbox::OutcomeKind::kTrapped;

/// Tells its supervisor what happens, and shuts the jail before the guest's first instruction.
class JailedSender final : public EventSender {
 public:
  JailedSender(int socket, ByteSize output_limit, const StreamEnds& ends, jail::Cell& cell)
      : EventSender(socket, output_limit, &ends), socket_(socket), cell_(cell) {}

  Status started(std::span<const int> kept) override {
    std::vector<int> open(kept.begin(), kept.end());
    open.push_back(socket_);
    // Without a page map the sandbox compares bytes instead.
    if (const auto map = image::page_map(); map.ok()) open.push_back(*map);
    const Status shut = [&]() -> Status {
      SKERRY_TRY(cell_.enclose());
      return cell_.seal(open);
    }();
    if (!shut.ok())
      return absl::UnavailableError(std::string(kJail) + std::string(message_of(shut)));
    return EventSender::started();
  }
  int interruptions() const override { return socket_; }
  void stopped() override {
    Outcome outcome;
    outcome.kind = kStopped;
    outcome.exit_code = sandbox::exit_code_of(kStopped);
    (void)ended(std::move(outcome));
    ::_exit(0);
  }

 private:
  int socket_;
  jail::Cell& cell_;
};

int run_child(const RunBody& body, const sandbox::Limits& limits, int fd, const StreamEnds& ends,
              jail::Cell& cell) {
  // The supervisor decides what a terminal's Ctrl-C means. SIGPIPE: it has gone, and so will we.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  exit_when_memory_runs_out();
  JailedSender channel(fd, limits.output, ends, cell);
  auto outcome = body(channel);
  if (outcome.ok()) return channel.ended(*std::move(outcome)).ok() ? 0 : 125;
  (void)channel.failed(outcome.status());
  return 125;
}

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

struct Stop {
  enum class Why { kNone, kDeadline, kCancelled };
  Why why = Why::kNone;
  RunPhase phase = RunPhase::kProgram;  ///< in which it was stopped
};

/// Takes what the child sent. False at end of file.
Result<bool> receive(EventReceiver& events, int socket) {
  char buffer[65536];
  SKERRY_ASSIGN(const ssize_t got, syscall_result("read", "run", [&] {
                  return ::read(socket, buffer, sizeof buffer);
                }));
  if (got == 0) return false;
  SKERRY_TRY(events.take({buffer, static_cast<std::size_t>(got)}));
  return true;
}

/// How long poll may wait; -1 for ever. A deadline that is past is 0.
int poll_timeout(const std::optional<Clock::time_point>& deadline,
                 const std::optional<std::chrono::milliseconds>& pulse) {
  const int most = pulse ? static_cast<int>(pulse->count()) : INT_MAX;
  if (!deadline) return pulse ? most : -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, most));
}

/// Takes events until the child has closed its end; kills it at its deadline and when a signal asks
/// for it. At the deadline, where changes of files are wanted, it is asked for them first. SIGINT
/// ends a wait for input first: the program learns of it, as at a terminal. While the observer is
/// full the child's socket is not read, unless no more can come than the socket holds.
Result<Stop> relay(EventReceiver& events, RunObserver& observer, Child& child, int socket,
                   int stop_signals, StreamEnds& ends) {
  using Why = Stop::Why;
  Stop stop;
  bool has_exited = false;
  int interrupted_wait = 0;
  std::optional<Clock::time_point> asked;
  const auto end = [&](Why why) {
    const bool is_asked = why == Why::kDeadline && events.wants_changes() && stop.why == Why::kNone;
    child.send(is_asked ? kStopSignal : SIGKILL);
    asked = is_asked ? std::optional(Clock::now()) : std::nullopt;
    if (stop.why == Why::kNone) stop = {.why = why, .phase = events.phase()};
  };
  const auto deadline_now = [&]() -> std::optional<Clock::time_point> {
    if (!asked) return stop.why == Why::kNone ? events.deadline() : std::nullopt;
    return *asked + (events.has_changes() ? Clock::duration(kResultsTime) : kStopTime);
  };
  for (bool open = true; open;) {
    const bool is_ending = has_exited || stop.why != Why::kNone;
    const int source = observer.is_full() && !is_ending ? -1 : socket;
    std::array<pollfd, 4> waiting{{{source, POLLIN, 0},
                                   {stop_signals, POLLIN, 0},
                                   {has_exited ? -1 : child.pidfd(), POLLIN, 0},
                                   {observer.awaited(), POLLOUT, 0}}};
    const auto deadline = deadline_now();
    SKERRY_TRY(syscall_result("poll", {}, [&] {
                 return ::poll(waiting.data(), waiting.size(),
                               poll_timeout(deadline, observer.pulse()));
               }).status());
    // By the clock: a child that never stops talking lets no poll time out.
    if (deadline && Clock::now() >= *deadline) end(Why::kDeadline);
    // Before a signal: whether the program waits is in these events.
    if (waiting[0].revents != 0) {
      SKERRY_ASSIGN(open, receive(events, socket));
    }
    if ((waiting[1].revents & POLLIN) != 0) {
      signalfd_siginfo signal{};
      (void)!::read(stop_signals, &signal, sizeof signal);
      const bool is_first = events.is_waiting() && interrupted_wait != events.waits();
      if (signal.ssi_signo == SIGINT && is_first) {
        interrupted_wait = events.waits();
        (void)!::send(socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      } else {
        end(Why::kCancelled);
      }
    }
    if (waiting[3].revents != 0 || observer.pulse()) observer.go_on();
    for (const wasi::Stream stream : {wasi::Stream::kStdout, wasi::Stream::kStderr})
      ends.set(stream, observer.state_of(stream));
    has_exited = has_exited || waiting[2].revents != 0;
    if (events.ended()) break;  // nobody waits for a process that stays
  }
  child.kill();
  return stop;
}

Result<Outcome> supervise_within(jail::WallSet walls, const RunBody& body,
                                 const sandbox::Limits& limits, ByteSize template_memory,
                                 RunObserver& observer, EventReceiver& events) {
  SKERRY_ASSIGN(auto ends, socket_pair(SOCK_STREAM));
  OwnedFd& ours = ends.first;
  OwnedFd& theirs = ends.second;
  SKERRY_ASSIGN(const StopSignals signals, StopSignals::block());
  SKERRY_ASSIGN(const auto stream_ends, StreamEnds::create());
  jail::Policy policy;
  if (!kHasShadowMemory) {
    const ByteSize run = run_memory(limits, template_memory, kMaxProgram, Leaves::kState);
    policy.private_memory = bytes(kWorkerRoom.value + run.value);
  }
  auto spawned = jail::spawn(policy, walls, {}, [&](jail::Cell& cell) {
    ours.close();
    return run_child(body, limits, theirs.get(), *stream_ends, cell);
  });
  if (!spawned.ok()) {
    return absl::UnavailableError(std::string(kJail) + std::string(message_of(spawned.status())));
  }
  Child child = Child::adopt(spawned->pid, std::move(spawned->pidfd));
  theirs.close();
  SKERRY_ASSIGN(const Stop stop,
                relay(events, observer, child, ours.get(), signals.fd(), *stream_ends));
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  const bool is_stopped =
      stop.why != Stop::Why::kNone && (!events.ended() || events.ended()->kind == kStopped);
  if (events.ended() && !is_stopped) return *events.ended();
  if (stop.why == Stop::Why::kNone && !events.failure().ok()) return events.failure();
  Outcome outcome = stop.why == Stop::Why::kDeadline ? deadline_outcome(limits, stop.phase)
                    : stop.why == Stop::Why::kCancelled
                        ? cancelled_outcome()
                        : died_outcome(exit, limits, KilledBy::kUnknown);
  outcome.usage.wall = events.elapsed();
  outcome.usage.cpu = exit.cpu;
  return outcome;
}

}  // namespace

/// One that came too late for the last wait is not meant for the next.
Status DescriptorInput::drop_interruptions() {
  for (;;) {
    pollfd late{channel_->interruptions(), POLLIN, 0};
    SKERRY_ASSIGN(const int ready,
                  syscall_result("poll", "standard input", [&] { return ::poll(&late, 1, 0); }));
    char ignored = 0;
    if (ready == 0 || ::read(late.fd, &ignored, 1) != 1) return ok_status();
  }
}

Status DescriptorInput::await_person() {
  std::array<pollfd, 2> waiting{{{fd_, POLLIN, 0}, {channel_->interruptions(), POLLIN, 0}}};
  SKERRY_TRY(syscall_result("poll", "standard input", [&] {
               const SafePoint wait(true);
               return ::poll(waiting.data(), waiting.size(), -1);
             }).status());
  if (waiting[1].revents == 0) return ok_status();
  char ignored = 0;
  (void)!::read(channel_->interruptions(), &ignored, 1);
  return absl::CancelledError("interrupted");
}

Result<std::size_t> DescriptorInput::read(std::span<std::byte> out) {
  if (channel_ != nullptr) {
    SKERRY_ASSIGN(const bool is_there, wait(wasi::Nanoseconds(0)));
    if (!is_there) {
      SKERRY_TRY(drop_interruptions());
      SKERRY_TRY(channel_->waiting(true));
      const Status status = await_person();
      SKERRY_TRY(channel_->waiting(false));
      SKERRY_TRY(status);
    }
  }
  SKERRY_ASSIGN(const ssize_t got, syscall_result("read", "standard input", [&] {
                  const SafePoint wait(true);
                  return ::read(fd_, out.data(), out.size());
                }));
  return static_cast<std::size_t>(got);
}

Result<bool> DescriptorInput::wait(wasi::Nanoseconds at_most) {
  return is_readable_within(fd_, at_most);
}

Result<Outcome> supervise(const RunBody& body, const sandbox::Limits& limits,
                          ByteSize template_memory, RunObserver& observer, FileChanges changes,
                          EventReceiver::Person person) {
  return jail::within_standing_walls(
      kNotRaised,
      [&](jail::WallSet walls) {
        EventReceiver events(limits, changes, observer, person);
        return supervise_within(walls, body, limits, template_memory, observer, events);
      },
      [](const Result<Outcome>& outcome) {
        return !outcome.ok() && message_of(outcome.status()).starts_with(kJail);
      });
}

Status require_walls() {
  return raised_walls().require(jail::WallSet::all().without({jail::Wall::kCgroup}));
}

}  // namespace skerry::worker
