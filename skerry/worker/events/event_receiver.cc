// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/event_receiver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "skerry/run.pb.h"

namespace skerry::worker {
namespace {

using proto::RunEvent;
using sandbox::Outcome;
using sandbox::OutcomeKind;
using Clock = std::chrono::steady_clock;

// What no run can use more of, whatever its limits: 32-bit memory, and its pages.
constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxTarget = 4096;  // bytes of a symbolic link's target

Status broken(std::string_view what) {
  return absl::InternalError("the run's process " + std::string(what));
}

bool is_guest_path(std::string_view path) {
  if (path.size() < 2 || path.size() > kMaxPath || path.find('\0') != path.npos) return false;
  while (!path.empty()) {
    if (path.front() != '/') return false;
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

/// Kinds that the guest's process itself can know of, and the exit codes that go with them.
bool is_possible(OutcomeKind kind, int exit_code) {
  switch (kind) {
    case OutcomeKind::kCompleted:
      return exit_code == 0;
    case OutcomeKind::kFailed:
      return exit_code >= 1 && exit_code <= 255;
    case OutcomeKind::kTrapped:
    case OutcomeKind::kOutOfMemory:
    case OutcomeKind::kOutOfFuel:
      return exit_code == exit_code_of(kind);
    case OutcomeKind::kDeadline:
    case OutcomeKind::kCancelled:
    case OutcomeKind::kCrashed:
      return false;
  }
  return false;
}

std::chrono::nanoseconds bounded_time(std::uint64_t nanoseconds, const sandbox::Limits& limits) {
  const std::chrono::nanoseconds most = limits.wall + kResultsTime;
  return std::chrono::nanoseconds(std::min(nanoseconds, static_cast<std::uint64_t>(most.count())));
}

sandbox::Usage usage_of(const RunEvent::Ended& ended, const sandbox::Limits& limits) {
  sandbox::Usage usage;
  usage.wall = bounded_time(ended.wall_ns(), limits);
  usage.cpu = bounded_time(ended.cpu_ns(), limits);
  usage.peak_memory = bytes(std::min(ended.peak_memory(), kMaxMemory));
  usage.dirty_pages = std::min(ended.dirty_pages(), kMaxMemory / kPageSize);
  if (limits.fuel && ended.has_fuel()) usage.fuel = std::min(ended.fuel(), *limits.fuel);
  return usage;
}

Result<sandbox::LimitHit> limit_of(const RunEvent::LimitHit& hit, sandbox::LimitWords words) {
  const auto name = sandbox::find_limit(hit.limit());
  if (!name || !std::isfinite(hit.value()) || hit.value() < 0) {
    return broken("reported a limit that does not exist");
  }
  return sandbox::LimitHit::of(*name, hit.value(), words);
}

/// Frames and notes of an exception or a cause.
void take_parts(const auto& message, auto& into) {
  for (const auto& frame : message.frames()) {
    into.frames.push_back({frame.file(), frame.line(), frame.function(), frame.source()});
  }
  into.notes.assign(message.notes().begin(), message.notes().end());
}

Result<Outcome> outcome_of(const RunEvent::Ended& ended, const sandbox::Limits& limits) {
  Outcome outcome;
  outcome.kind = static_cast<OutcomeKind>(ended.kind());
  outcome.exit_code = ended.exit_code();
  if (ended.kind() < 0 || ended.kind() > static_cast<int>(OutcomeKind::kCrashed) ||
      !is_possible(outcome.kind, outcome.exit_code)) {
    return broken("reported an impossible outcome");
  }
  outcome.message = ended.message();
  if (ended.has_limit()) {
    SKERRY_ASSIGN(outcome.limit, limit_of(ended.limit(), limits.words));
  }
  if (ended.has_exception()) {
    outcome.exception = {.type = ended.exception().type(),
                         .message = ended.exception().message(),
                         .is_memory = false,
                         .hint = ended.exception().hint(),
                         .frames = {}};
    take_parts(ended.exception(), *outcome.exception);
    for (const auto& cause : ended.exception().causes()) {
      auto& added = outcome.exception->causes.emplace_back();
      added.is_context = cause.is_context();
      added.type = cause.type();
      added.message = cause.message();
      take_parts(cause, added);
    }
  }
  if (ended.has_result()) outcome.result = ended.result();
  outcome.usage = usage_of(ended, limits);
  return outcome;
}

/// The code of a worker's own failure: one that says what to do about it, and never who may.
StatusCode failure_code(int code) {
  switch (const auto known = static_cast<StatusCode>(code)) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kResourceExhausted:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return known;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

EventReceiver::EventReceiver(const sandbox::Limits& limits, FileChanges changes,
                             RunObserver& observer, Person person)
    : limits_(limits), wanted_(changes), person_(person), observer_(observer) {
  streams_.fill({.left = limits.output.value});
}

std::chrono::nanoseconds EventReceiver::elapsed() const {
  if (!started_) return std::chrono::nanoseconds(0);
  return waiting_since_.value_or(Clock::now()) - *started_ - waited_;
}

RunPhase EventReceiver::phase() const {
  if (changes_ > 0) return RunPhase::kResults;
  return is_waiting() ? RunPhase::kInput : RunPhase::kProgram;
}

std::optional<Clock::time_point> EventReceiver::deadline() const {
  if (!started_) return std::nullopt;
  if (waiting_since_) return *waiting_since_ + limits_.input - waited_;
  const bool has_results = phase() == RunPhase::kResults;
  return *started_ + waited_ + limits_.wall +
         (has_results ? kResultsTime : std::chrono::seconds(0));
}

Status EventReceiver::take(std::string_view bytes) {
  std::string held = std::move(pending_);
  pending_.clear();
  if (!held.empty()) bytes = held.append(bytes);
  Status status;
  while (status.ok()) {
    const auto frame = first_event(bytes);
    status = frame.status();
    if (!status.ok() || !frame->has_value()) break;
    status = take_event(**frame);
    bytes.remove_prefix((*frame)->size);
  }
  flush_output();
  if (!status.ok()) return status;
  if (held.empty()) {
    pending_ = bytes;
  } else {
    held.erase(0, held.size() - bytes.size());
    pending_ = std::move(held);
  }
  return status;
}

Status EventReceiver::take_event(const EventFrame& frame) {
  if (is_over()) return broken("went on after its end");
  switch (frame.kind) {
    case EventKind::kStarted:
      return take_started();
    case EventKind::kOutput:
      return take_output(frame.message);
    case EventKind::kChange:
      return take_change(frame.message);
    case EventKind::kEnded:
      return take_ended(frame.message);
    case EventKind::kFailed:
      return take_failed(frame.message);
    case EventKind::kWaiting:
      return take_waiting(frame.message);
    case EventKind::kDisplay:
      return take_display(frame.message);
    case EventKind::kReady:
      break;
  }
  return broken("sent an event that has no place in a run");
}

Status EventReceiver::take_started() {
  if (started_) return broken("started twice");
  started_ = Clock::now();
  observer_.started();
  return ok_status();
}

Status EventReceiver::take_waiting(std::string_view message) {
  RunEvent::Waiting event;
  if (!event.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return broken("sent an event that is none");
  }
  const bool is_possible =
      person_ != Person::kNone && started_ && changes_ == 0 && event.is_over() == is_waiting() &&
      (!event.is_over() || person_ != Person::kAnswersThroughUs || waits_ <= answers_);
  if (!is_possible) {
    return broken("waited for input at a time that it cannot");
  }
  flush_output();
  if (!event.is_over()) {
    waiting_since_ = Clock::now();
    ++waits_;
  } else {
    waited_ += Clock::now() - *std::exchange(waiting_since_, std::nullopt);
  }
  observer_.waiting(!event.is_over());
  return ok_status();
}

Status EventReceiver::take_display(std::string_view message) {
  auto display = parse_display(message);
  if (!display) return broken("sent an event that is none");
  if (!started_ || is_waiting() || changes_ > 0) return broken("showed a value when it cannot");
  if (const Status kept = display->check(); !kept.ok()) {
    return broken("showed " + std::string(message_of(kept)));
  }
  if (!shown_.take(display->size())) return broken("showed more than a run may");
  flush_output();
  observer_.displayed(*std::move(display));
  return ok_status();
}

Status EventReceiver::take_output(std::string_view message) {
  const auto output = parse_output(message);
  if (!output) return broken("sent an event that is none");
  const auto stream = output->is_stderr ? wasi::Stream::kStderr : wasi::Stream::kStdout;
  Stream& state = streams_[output->is_stderr ? 1 : 0];
  if (state.is_cut || output->bytes.size() > state.left) {
    return broken("sent more output than its limit");
  }
  if (output->bytes.empty() && !output->is_cut) return broken("sent output without any");
  state.left -= output->bytes.size();
  pass_output(stream, output->bytes);
  if (output->is_cut) {
    state.is_cut = true;
    flush_output();
    observer_.cut(stream);
  }
  return ok_status();
}

void EventReceiver::pass_output(wasi::Stream stream, std::string_view bytes) {
  if (stream != output_stream_) flush_output();
  output_stream_ = stream;
  if (output_.empty()) {
    output_ = bytes;
    return;
  }
  if (joined_.empty()) joined_ = output_;
  joined_ += bytes;
  output_ = joined_;
}

void EventReceiver::flush_output() {
  if (!output_.empty()) observer_.output(output_stream_, output_);
  output_ = {};
  joined_.clear();
}

Status EventReceiver::take_change(std::string_view message) {
  RunEvent::FileChange event;
  if (!event.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return broken("sent an event that is none");
  }
  FileChange change{.kind = static_cast<FileChange::Kind>(event.kind() - 1),
                    .path = std::move(*event.mutable_path()),
                    .content = std::move(*event.mutable_content()),
                    .is_further_piece = event.append(),
                    .offset = event.offset(),
                    .size = event.size(),
                    .is_new = event.is_new(),
                    .is_left_out = event.is_left_out(),
                    .is_directory = event.is_directory()};
  if (event.has_permissions())
    change.permissions = static_cast<wasi::Mode>(event.permissions() & wasi::kPermissions);
  flush_output();
  Status impossible = broken("reported an impossible file change");
  if (wanted_ == FileChanges::kUnwanted || !started_ || is_waiting() || event.kind() < 1 ||
      event.kind() > 6 || !is_possible(change)) {
    return impossible;
  }
  if (!change.is_further_piece) {
    path_bytes_ += change.path.size();
    const std::size_t most =
        wanted_ == FileChanges::kReported ? kMaxReported + 1 : kChangeLimits.count;
    if (++changes_ > most || path_bytes_ > kChangeLimits.path_bytes) return impossible;
  }
  if (change.kind == FileChange::Kind::kFile) {
    SKERRY_TRY(take_file(change));
  } else {
    file_.reset();
  }
  observer_.changed(change);
  return ok_status();
}

/// Whether a change is one that may come, by itself and after those before it.
bool EventReceiver::is_possible(const FileChange& change) const {
  using Kind = FileChange::Kind;
  const bool is_report = wanted_ == FileChanges::kReported;
  if (change.kind == Kind::kMore) return is_report && change.path.empty();
  if (!is_guest_path(change.path)) return false;
  const bool is_file = change.kind == Kind::kFile;
  if (change.is_further_piece && !is_file) return false;
  if (change.is_left_out && (!is_report || !is_file || !change.content.empty())) return false;
  switch (change.kind) {
    case Kind::kSymlink:
      return !change.content.empty() && change.content.size() <= kMaxTarget &&
             change.content.find('\0') == change.content.npos;
    case Kind::kHardLink:
      return files_.contains(change.content);
    case Kind::kDirectory:
    case Kind::kRemoved:
      return change.content.empty();
    default:
      return true;
  }
}

Status EventReceiver::take_file(const FileChange& change) {
  Status impossible = broken("reported an impossible file change");
  if (!change.is_further_piece) {
    if (change.size > limits_.files.value - file_bytes_) {
      return broken("sent more bytes of files than its limit");
    }
    file_bytes_ += change.size;
    if (wanted_ == FileChanges::kReported && !change.is_left_out) {
      if (change.size > kMaxReportedBytes - reported_bytes_) {
        return broken("reported more bytes of files than it may");
      }
      reported_bytes_ += change.size;
    }
    file_ = OpenFile{.path = change.path, .size = change.size};
    files_.insert(change.path);
  } else if (!file_ || file_->path != change.path || change.content.empty()) {
    return impossible;
  }
  if (change.offset < file_->end || change.offset > file_->size ||
      change.content.size() > file_->size - change.offset) {
    return impossible;
  }
  file_->end = change.offset + change.content.size();
  return ok_status();
}

Status EventReceiver::take_ended(std::string_view message) {
  const auto parts = count_exception_parts(message);
  if (!parts) return broken("sent an event that is none");
  if (parts->frames > kMaxFrames || parts->notes > kMaxNotes || parts->causes > kMaxCauses) {
    return broken("reported too long a traceback");
  }
  RunEvent::Ended ended;
  if (!ended.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return broken("sent an event that is none");
  }
  if (ended.state().size() > kMaxStateBytes) return broken("sent an event too large");
  SKERRY_ASSIGN(ended_, outcome_of(ended, limits_));
  if (wanted_ == FileChanges::kWanted) observer_.changed_all();
  is_kept_ = ended.is_kept();
  state_ = std::move(*ended.mutable_state());
  return ok_status();
}

Status EventReceiver::take_failed(std::string_view message) {
  RunEvent::Failed failed;
  if (!failed.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return broken("sent an event that is none");
  }
  if (failed.code() == static_cast<int>(StatusCode::kOk)) {
    return broken("reported a failure that is none");
  }
  failure_ = Status(failure_code(failed.code()), failed.message());
  return ok_status();
}

}  // namespace skerry::worker
