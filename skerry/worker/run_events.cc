// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_events.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <signal.h>
#include <time.h>

#include "skerry/base/file.h"
#include "skerry/base/socket.h"
#include "skerry/run.pb.h"
#include "skerry/worker/run_memory.h"

namespace skerry::worker {
namespace {

using proto::RunEvent;
using sandbox::Outcome;
using sandbox::OutcomeKind;

constexpr std::uint64_t kCut = ~std::uint64_t{0};

Status send(int socket, const RunEvent& event) {
  return write_all(socket, as_bytes(framed(event.SerializeAsString())));
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

}  // namespace

std::string framed(std::string_view body) {
  const auto length = static_cast<std::uint32_t>(body.size());
  std::string frame(sizeof length, '\0');
  std::memcpy(frame.data(), &length, sizeof length);
  frame += body;
  return frame;
}

std::string ready_message() {
  RunEvent event;
  event.mutable_ready();
  return framed(event.SerializeAsString());
}

Outcome deadline_outcome(const sandbox::Limits& limits) {
  Outcome outcome;
  outcome.kind = OutcomeKind::kDeadline;
  outcome.exit_code = exit_code_of(outcome.kind);
  const double seconds = static_cast<double>(limits.wall.count()) / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%g", seconds);
  outcome.message = std::string("ran longer than ") + text + " s; allow more with " +
                    std::string(sandbox::kWallLimit.option);
  outcome.limit = {std::string(sandbox::kWallLimit.key), seconds,
                   std::string(sandbox::kWallLimit.unit), std::string(sandbox::kWallLimit.option)};
  return outcome;
}

Outcome cancelled_outcome() {
  Outcome outcome;
  outcome.kind = OutcomeKind::kCancelled;
  outcome.exit_code = exit_code_of(outcome.kind);
  outcome.message = "ended early, as its caller asked";
  return outcome;
}

Outcome died_outcome(const ChildExit& exit, const sandbox::Limits& limits, KilledBy killed_by) {
  Outcome outcome;
  const bool was_out_of_memory = exit.signal == SIGKILL
                                     ? killed_by != KilledBy::kOther
                                     : exit.signal == 0 && exit.code == kMemoryExit;
  if (was_out_of_memory) {
    outcome.kind = OutcomeKind::kOutOfMemory;
    outcome.message = exit.signal == SIGKILL ? "its process was killed for want of memory; lower " +
                                                   std::string(sandbox::kMemoryLimit.option) +
                                                   " or give the machine more"
                                             : "its process needed more memory than its limits "
                                               "allow beside the guest's own; raise " +
                                                   std::string(sandbox::kMemoryLimit.option);
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

EventSender::EventSender(int socket, ByteSize output_limit)
    : socket_(socket),
      left_{output_limit.value, output_limit.value},
      wall_(Clock::now()),
      cpu_(cpu_time()) {}

Status EventSender::started(std::span<const int>) {
  wall_ = Clock::now();
  cpu_ = cpu_time();
  RunEvent event;
  event.mutable_started();
  return send(socket_, event);
}

Status EventSender::changed(const FileChange& change) {
  RunEvent event;
  auto& message = *event.mutable_change();
  message.set_kind(static_cast<RunEvent::FileChange::Kind>(static_cast<int>(change.kind) + 1));
  message.set_path(change.path);
  message.set_content(change.content);
  message.set_append(change.is_further_piece);
  return send(socket_, event);
}

void EventSender::add_times(Outcome& outcome) const {
  outcome.usage.wall = Clock::now() - wall_;
  outcome.usage.cpu = cpu_time() - cpu_;
}

Status EventSender::ended(Outcome outcome) {
  add_times(outcome);
  return send(socket_, event_of(outcome));
}

Status EventSender::ended(Outcome outcome, const LeftState& left, bool is_kept) {
  add_times(outcome);
  RunEvent event = event_of(outcome);
  event.mutable_ended()->set_is_kept(is_kept);
  if (!left.file.is_open()) {
    event.mutable_ended()->set_state(left.bytes);
    return send(socket_, event);
  }
  const int file = left.file.get();
  return send_all(socket_, as_bytes(framed(event.SerializeAsString())), {&file, 1});
}

Status EventSender::failed(const Status& status) {
  RunEvent event;
  event.mutable_failed()->set_code(static_cast<int>(status.code()));
  event.mutable_failed()->set_message(std::string(message_of(status)));
  return send(socket_, event);
}

Status EventSender::write(wasi::Stream stream, std::span<const std::byte> bytes) {
  const bool is_stderr = stream == wasi::Stream::kStderr;
  std::uint64_t& left = left_[is_stderr ? 1 : 0];
  while (!bytes.empty() && left != kCut) {
    const auto piece = bytes.first(std::min<std::uint64_t>({bytes.size(), left, kPiece}));
    RunEvent event;
    event.mutable_output()->set_is_stderr(is_stderr);
    event.mutable_output()->set_bytes(piece.data(), piece.size());
    left -= piece.size();
    bytes = bytes.subspan(piece.size());
    if (left == 0 && !bytes.empty()) {
      event.mutable_output()->set_cut(true);
      left = kCut;
    }
    SKERRY_TRY(send(socket_, event));
  }
  return ok_status();
}

EventReceiver::EventReceiver(const sandbox::Limits& limits, RunObserver& observer)
    : limits_(limits), observer_(observer), left_{limits.output.value, limits.output.value} {}

std::chrono::nanoseconds EventReceiver::elapsed() const {
  return started_ ? std::chrono::steady_clock::now() - *started_ : std::chrono::nanoseconds(0);
}

Status EventReceiver::take(std::string_view bytes) {
  pending_.append(bytes);
  std::size_t at = 0;
  for (;;) {
    std::uint32_t length = 0;
    if (pending_.size() - at < sizeof length) break;
    std::memcpy(&length, pending_.data() + at, sizeof length);
    if (length > kMaxEvent) {
      return absl::InternalError("the run's process sent an event too large");
    }
    if (pending_.size() - at - sizeof length < length) break;
    RunEvent event;
    if (!event.ParseFromArray(pending_.data() + at + sizeof length, static_cast<int>(length))) {
      return absl::InternalError("the run's process sent an event that is none");
    }
    at += sizeof length + length;
    if (is_over()) return absl::InternalError("the run's process went on after its end");
    SKERRY_TRY(take_event(event));
  }
  pending_.erase(0, at);
  return ok_status();
}

Status EventReceiver::take_event(const RunEvent& event) {
  switch (event.event_case()) {
    case RunEvent::kStarted:
      if (!started_) {
        started_ = std::chrono::steady_clock::now();
        deadline_ = *started_ + limits_.wall;
        observer_.started();
      }
      return ok_status();
    case RunEvent::kOutput:
      take_output(event.output().is_stderr() ? wasi::Stream::kStderr : wasi::Stream::kStdout,
                  event.output().bytes(), event.output().cut());
      return ok_status();
    case RunEvent::kChange: {
      const auto& change = event.change();
      if (change.kind() < 1 || change.kind() > 4 || ++changes_ > kMaxChanges * 2) {
        return absl::InternalError("the run's process reported an impossible file change");
      }
      if (changes_ == 1) deadline_ = std::chrono::steady_clock::now() + kResultsTime;
      observer_.changed({.kind = static_cast<FileChange::Kind>(change.kind() - 1),
                         .path = change.path(),
                         .content = change.content(),
                         .is_further_piece = change.append()});
      return ok_status();
    }
    case RunEvent::kEnded: {
      SKERRY_ASSIGN(ended_, outcome_of(event.ended()));
      is_kept_ = event.ended().is_kept();
      state_ = event.ended().state();
      return ok_status();
    }
    case RunEvent::kFailed:
      failure_ = Status(static_cast<StatusCode>(event.failed().code()), event.failed().message());
      if (failure_.ok())
        return absl::InternalError("the run's process reported a failure that is none");
      return ok_status();
    case RunEvent::kReady:
    case RunEvent::EVENT_NOT_SET:
      break;
  }
  return absl::InternalError("the run's process sent an event that has no place in a run");
}

void EventReceiver::take_output(wasi::Stream stream, std::string_view bytes, bool is_cut) {
  std::uint64_t& left = left_[stream == wasi::Stream::kStderr ? 1 : 0];
  const auto piece = bytes.substr(0, left);
  left -= piece.size();
  if (!piece.empty()) observer_.output(stream, piece);
  if (is_cut) observer_.cut(stream);
}

}  // namespace skerry::worker
