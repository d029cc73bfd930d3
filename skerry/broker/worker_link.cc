// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/worker_link.h"

#include <algorithm>
#include <array>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/release.h"
#include "skerry/base/os/socket.h"
#include "skerry/worker/run_memory.h"

namespace skerry::broker {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr std::chrono::seconds kWarmUpTime{30};
// From a run's arrival at the worker to its first instruction: a new sandbox on another template
// takes milliseconds, a session with a quarter of a gigabyte of files two seconds of processor
// time. Where the machine is busy that lasts, so it is the worker's own time that counts, and that
// it gets on. No start may last longer than all of it.
constexpr std::chrono::seconds kStartTime{10};
constexpr std::chrono::milliseconds kStartProgress{5};
constexpr std::chrono::minutes kMaxStart{2};
// From the end of a process to the zygote's word of it.
constexpr std::chrono::seconds kReapTime{2};
constexpr std::size_t kMaxUnsent = std::size_t{1} << 20;
// What one read takes, and how long reads in a row may last: a worker that floods must not keep the
// others waiting. The smallest events take 0.1 µs each, so that one read is done in less than 1 ms.
constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr std::chrono::microseconds kReadingTime{500};
// The same for what is sent: a worker that reads as fast as it is written to would have all 64 MiB
// of an order sent in one go, which is 30 ms and more.
constexpr std::size_t kWriteSize = std::size_t{256} << 10;
constexpr std::chrono::microseconds kWritingTime{500};
// Reads that empty a socket whose other end writes no more: more than it holds.
constexpr int kLastReads = 16;

}  // namespace

WorkerLink::WorkerLink(boost::asio::io_context& io, std::uint64_t id, OwnedFd socket,
                       WorkerBounds bounds, Changed changed)
    : socket_(io, socket.release()),
      timer_(io.get_executor(),
             [this] {
               const auto self = shared_from_this();
               deadline_passed();
             }),
      id_(id),
      bounds_(std::move(bounds)),
      changed_(std::move(changed)) {}

void WorkerLink::start() {
  set_deadline(Clock::now() + kWarmUpTime);
  wait_readable();
}

void WorkerLink::forked(pid_t pid, OwnedFd pidfd) {
  pid_ = pid;
  pidfd_ = std::move(pidfd);
  if (state_ == State::kEnding) signal();  // it was given up before it was there
  // It may have said that it is ready before the zygote has told its number.
  if (state_ == State::kFree) bounds_.warmed(pid_);
  if (state_ == State::kRunning) {
    bounds_.found(pid_);
    bounds_.allow(memory_);
  }
}

void WorkerLink::run(Message message, const sandbox::Limits& limits, worker::RunObserver& observer,
                     Done done) {
  state_ = State::kRunning;
  sent_at_ = Clock::now();
  limits_ = limits;
  observer_ = &observer;
  input_ = std::move(message.input);
  using Person = worker::EventReceiver::Person;
  events_.emplace(limits, message.changes, observer,
                  input_ ? Person::kAnswersThroughUs : Person::kNone);
  is_paused_ = false;
  is_fed_ = false;
  observer.set_resume([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->resume();
  });
  done_ = std::move(done);
  started_ = std::move(message.started);
  cpu_before_ = cpu_at_check_ = cpu_time();
  const std::size_t size = message.order->size() + message.session.size();
  Outgoing next{.head = {},
                .order = std::move(message.order),
                .tail = std::move(message.session),
                .fds = std::move(message.fds),
                .owner = std::move(message.owner)};
  // An order to forget that came before may not be sent yet.
  for (std::string_view part; !(part = outgoing_.next()).empty(); outgoing_.sent += part.size()) {
    next.head += part;
  }
  next.head += worker::frame_prefix(size);
  outgoing_ = std::move(next);
  may_leave_ = message.is_in_session;
  left_ = {};
  const auto leaves = may_leave_ ? worker::Leaves::kState : worker::Leaves::kNothing;
  memory_.begin(worker::run_memory(limits, message.template_memory, size, leaves), message.from,
                message.becomes);
  bounds_.allow(memory_);
  set_deadline(Clock::now() + kStartTime);
  write();
}

WorkerLink::Left WorkerLink::take_left() {
  const bool is_kept = left_.is_there() && events_->is_kept();
  return {.state = std::move(left_), .is_kept = is_kept};
}

void WorkerLink::forget(const std::vector<std::uint64_t>& states) {
  memory_.forget(states);
  if (state_ != State::kFree && state_ != State::kRunning) return;
  // It takes orders one after the other: so many that lie before it are a worker's that hangs.
  if (outgoing_.unsent() > kMaxUnsent) return;
  const bool is_idle = outgoing_.unsent() == 0;
  outgoing_.tail += worker::framed(worker::encode_forget(states));
  if (is_idle) write();
}

void WorkerLink::demote_after(std::chrono::milliseconds lasted) {
  if (state_ != State::kRunning || is_demoted_ || pid_ == 0 || events_->elapsed() < lasted) return;
  // A thread of this class gives way at once to one that wakes up; among themselves they share.
  const sched_param none{};
  is_demoted_ = ::sched_setscheduler(pid_, SCHED_IDLE, &none) == 0;
  // Within a control group the class counts against nobody outside.
  if (is_demoted_) bounds_.yield_processor();
}

bool WorkerLink::has_lasted(std::chrono::milliseconds time) const {
  return state_ == State::kRunning && Clock::now() - sent_at_ >= time;
}

void WorkerLink::cancel() {
  if (state_ == State::kRunning) end(Why::kCancelled);
}

void WorkerLink::kill() { end(Why::kRetired); }

void WorkerLink::signal() {
  if (pidfd_.is_open()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

void WorkerLink::end(Why why) {
  if (state_ == State::kGone || state_ == State::kEnding) return;
  why_ = why;
  state_ = State::kEnding;
  timer_.clear();
  signal();
  // It may hold a state of a session that the worker has sent, and was not received.
  release_socket(OwnedFd(socket_.release()));
  // Later, as when its process is yet to be reaped: whoever ends it is not called back meanwhile.
  if (!was_reaped_) return;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->conclude(); });
}

void WorkerLink::exited(const std::optional<ChildExit>& exit) {
  if (was_reaped_) return;
  was_reaped_ = true;
  exit_ = exit;
  pid_ = 0;  // another process may get the number
  if (state_ == State::kEnding) {
    conclude();
  } else if (state_ == State::kRunning) {
    // What it said before it died still counts.
    if (!is_paused_) read();
  } else {
    end(Why::kDied);
  }
}

/// The process is gone, and all that it said was read.
void WorkerLink::conclude() {
  timer_.clear();
  state_ = State::kGone;
  if (done_) {
    if (events_->failure().ok()) {
      finish(outcome_of());
    } else {
      finish(events_->failure());
    }
  }
  changed_(*this);
}

sandbox::Outcome WorkerLink::outcome_of() const {
  Outcome outcome;
  switch (why_) {
    case Why::kDeadline:
      outcome = worker::deadline_outcome(limits_, events_->phase());
      break;
    case Why::kCancelled:
      outcome = worker::cancelled_outcome();
      break;
    case Why::kBroken:
      outcome.kind = sandbox::OutcomeKind::kCrashed;
      outcome.exit_code = sandbox::exit_code_of(outcome.kind);
      outcome.message = broken_;
      break;
    default:
      if (exit_) {
        outcome = worker::died_outcome(*exit_, limits_, bounds_.killed_by());
      } else {
        outcome.kind = sandbox::OutcomeKind::kCrashed;
        outcome.exit_code = sandbox::exit_code_of(outcome.kind);
        outcome.message = "the process that holds all workers ended; run it again";
      }
  }
  outcome.usage.wall = events_->elapsed();
  if (exit_ && exit_->cpu > cpu_before_) outcome.usage.cpu = exit_->cpu - cpu_before_;
  return outcome;
}

void WorkerLink::finish(Result<Outcome> outcome) {
  observer_->set_resume(nullptr);
  observer_ = nullptr;
  if (input_) input_->set_more(nullptr);
  input_.reset();
  is_paused_ = false;
  started_ = nullptr;
  const Done done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

void WorkerLink::wait_readable() {
  socket_.async_wait(stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       const bool may_read = self->state_ != State::kEnding && !self->is_paused_;
                       if (!error && may_read) self->read();
                     });
}

void WorkerLink::read() {
  const auto begun = Clock::now();
  do {
    const Reading reading = read_once();
    if (reading == Reading::kStopped) return;
    if (reading == Reading::kNothing) {
      // Its end of the socket is still open somewhere, but the process is not there any more.
      if (was_reaped_) end(Why::kDied);
      break;
    }
    if (observer_ != nullptr && observer_->is_full()) {
      is_paused_ = true;
      return;
    }
  } while (Clock::now() - begun < kReadingTime);
  if (socket_.is_open()) wait_readable();
}

WorkerLink::Reading WorkerLink::read_once() {
  std::array<std::byte, kReadSize> buffer;
  if (state_ == State::kEnding || state_ == State::kGone) return Reading::kStopped;
  auto received = receive_message(socket_.native_handle(), buffer);
  if (received.status().code() == StatusCode::kUnavailable) return Reading::kNothing;
  if (!received.ok() || received->size == 0) {
    hung_up();
    return Reading::kStopped;
  }
  const Status status =
      take(std::move(received->fds), as_text(std::span(buffer).first(received->size)));
  if (status.ok()) return Reading::kGoesOn;
  broken_ = message_of(status);
  end(Why::kBroken);
  return Reading::kStopped;
}

/// Reads what there is whether the observer is full or not: when no more comes than that.
void WorkerLink::read_rest() {
  is_paused_ = false;
  for (int i = 0; i < kLastReads; ++i) {
    const Reading reading = read_once();
    if (reading == Reading::kStopped) return;
    if (reading == Reading::kNothing) return;
  }
}

/// Later, so that whoever calls gets no output meanwhile.
void WorkerLink::resume() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!self->is_paused_ || self->state_ != State::kRunning || self->observer_->is_full()) return;
    self->is_paused_ = false;
    self->read();
  });
}

void WorkerLink::hung_up() {
  if (state_ != State::kRunning || was_reaped_) {
    end(Why::kDied);
    return;
  }
  // A process that has ended is about to be reaped. One that has only closed its end is none of
  // ours any more.
  has_hung_up_ = true;
  set_deadline(Clock::now() + kReapTime);
}

Status WorkerLink::take(std::vector<OwnedFd> fds, std::string_view bytes) {
  if (!fds.empty()) {
    // Of a run in a session it is what the run left.
    if (state_ != State::kRunning || !may_leave_ || left_.file.is_open() || fds.size() > 1) {
      return absl::InternalError("the run's process sent descriptors");
    }
    left_.file = std::move(fds[0]);
  }
  if (state_ == State::kStarting) {
    static const std::string kReady = worker::ready_message();
    greeting_ += bytes;
    if (greeting_.size() < kReady.size() && kReady.starts_with(greeting_)) return ok_status();
    if (greeting_ != kReady) {
      return absl::InternalError("a worker's first word was not that it is ready");
    }
    state_ = State::kFree;
    deadline_.reset();
    timer_.clear();
    if (pid_ != 0) bounds_.warmed(pid_);
    changed_(*this);
    return ok_status();
  }
  if (state_ != State::kRunning) {
    return absl::InternalError("a worker without a run sent something");
  }
  Status status = events_->take(bytes);
  if (events_->is_over()) {
    if (outgoing_.has_unsent_order()) {
      return absl::InternalError("a worker ended a run that it has not read");
    }
    left_.bytes = events_->take_state();
    if (!left_.bytes.empty() && (!may_leave_ || left_.file.is_open())) {
      return absl::InternalError("the run's process left a state that has no place");
    }
    deadline_.reset();
    timer_.clear();
    const bool is_free = status.ok() && !was_reaped_;
    if (is_free) state_ = State::kFree;
    memory_.end(left_.is_there() && events_->is_kept());
    if (events_->ended()) {
      finish(*events_->ended());
    } else {
      finish(events_->failure());
    }
    if (is_free && state_ == State::kFree) changed_(*this);
  } else if (events_->deadline()) {
    if (const auto started = std::exchange(started_, nullptr)) started();
    if (events_->deadline() != deadline_) set_deadline(*events_->deadline());
    // Not before the program has begun: a run whose worker dies before is done by another.
    if (input_ && !std::exchange(is_fed_, true)) feed();
  }
  return status;
}

void WorkerLink::set_deadline(Clock::time_point at) {
  deadline_ = at;
  timer_.set(at);
}

void WorkerLink::deadline_passed() {
  const auto at = deadline_;
  if (state_ == State::kStarting) {
    end(Why::kDied);
    return;
  }
  // A run that ended in time has done so, even if its observer had no room for it.
  if (state_ == State::kRunning && is_paused_) {
    read_rest();
    if (deadline_ != at) {  // the run is over, or its results have begun to come
      if (socket_.is_open()) wait_readable();
      return;
    }
  }
  if (state_ != State::kRunning) return;
  if (events_->deadline() && !has_hung_up_) {
    end(Why::kDeadline);
    return;
  }
  broken_ = has_hung_up_ ? "the run's process closed its socket" : start_failure();
  if (broken_.empty()) {
    set_deadline(Clock::now() + kStartTime);
  } else {
    end(Why::kBroken);
  }
}

/// Why the start of the run that it has is given up; empty while it gets on.
std::string WorkerLink::start_failure() {
  const auto used = cpu_time();
  const auto progress = used - std::exchange(cpu_at_check_, used);
  if (progress < kStartProgress) {
    return fmt::format("the worker did not begin the run: its process did nothing for {} s",
                       kStartTime.count());
  }
  if (used - cpu_before_ >= kStartTime) {
    return fmt::format(
        "the worker did not begin the run within {} s of processor time; less in the session's "
        "files makes it start sooner",
        kStartTime.count());
  }
  if (Clock::now() - sent_at_ >= kMaxStart) {
    return fmt::format(
        "the worker did not begin the run within {} s: this machine is too busy; try again when "
        "less is under way",
        std::chrono::seconds(kMaxStart).count());
  }
  return {};
}

std::string_view WorkerLink::Outgoing::next() const {
  std::size_t before = sent;
  std::string_view rest;
  const auto has_rest = [&](std::string_view part) {
    if (before < part.size()) {
      rest = part.substr(before, kWriteSize);
      return true;
    }
    before -= part.size();
    return false;
  };
  if (has_rest(head)) return rest;
  if (order && std::any_of(order->parts.begin(), order->parts.end(),
                           [&](const auto& part) { return has_rest(*part); })) {
    return rest;
  }
  has_rest(tail);
  return rest;
}

void WorkerLink::feed() {
  input_->set_more([weak = weak_from_this()] {
    const auto self = weak.lock();
    // What is being sent goes first, and then asks for more.
    if (self && self->outgoing_.unsent() == 0) self->write();
  });
  if (outgoing_.unsent() == 0) write();
}

/// Puts the next piece of input behind what was sent. False when there is none.
bool WorkerLink::add_input() {
  if (state_ != State::kRunning || !input_ || !is_fed_) return false;
  const auto piece = input_->next();
  if (!piece) return false;
  outgoing_.tail = worker::framed(worker::encode(*piece));
  events_->answered();
  return true;
}

void WorkerLink::write() {
  const auto begun = Clock::now();
  for (;;) {
    const std::string_view part = outgoing_.next();
    if (part.empty()) {
      outgoing_ = {};
      if (!add_input()) return;
      continue;
    }
    const auto put = send_some(socket_.native_handle(), as_bytes(part), outgoing_.fds);
    if (!put.ok()) return;  // it has gone: reading tells
    outgoing_.sent += *put;
    if (*put > 0) {
      outgoing_.fds.clear();
      outgoing_.owner.reset();
    }
    if (*put == 0 || Clock::now() - begun > kWritingTime) {
      wait_writable();
      return;
    }
  }
}

void WorkerLink::wait_writable() {
  socket_.async_wait(stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       const bool is_alive =
                           self->state_ == State::kRunning || self->state_ == State::kFree;
                       if (!error && is_alive) self->write();
                     });
}

std::chrono::nanoseconds WorkerLink::cpu_time() const {
  clockid_t clock = 0;
  timespec used{};
  // A worker may be ready before the zygote has told its number, and 0 would be ourselves.
  if (pid_ == 0 || ::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
    return std::chrono::nanoseconds(0);
  }
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace skerry::broker
