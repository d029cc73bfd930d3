// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/run_events.h"

#include <algorithm>
#include <cstring>
#include <signal.h>
#include <time.h>

#include <fmt/format.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/socket.h"
#include "skerry/base/utf8.h"
#include "skerry/run.pb.h"
#include "skerry/worker/run_memory.h"

namespace skerry::worker {
namespace {

using proto::RunEvent;
using sandbox::Outcome;
using sandbox::OutcomeKind;

constexpr std::uint64_t kCut = ~std::uint64_t{0};

std::chrono::nanoseconds cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// What is left for an exception, its causes, their frames and notes.
class TracebackRoom {
 public:
  std::string within(std::string_view text) {
    const std::string_view clipped = clip(text, bytes_);
    bytes_ -= clipped.size();
    return std::string(clipped);
  }

  /// Frames and notes of an exception or a cause.
  void put(const auto& from, auto& message) {
    for (const sandbox::Frame& frame : from.frames) {
      if (frames_ == 0) break;
      --frames_;
      auto* item = message.add_frames();
      item->set_file(within(frame.file));
      item->set_line(frame.line);
      item->set_function(within(frame.function));
      item->set_source(within(frame.source));
    }
    for (const std::string& note : from.notes) {
      if (notes_ == 0) break;
      --notes_;
      message.add_notes(within(note));
    }
  }

 private:
  std::size_t bytes_ = kMaxTracebackText;
  std::size_t frames_ = kMaxFrames;
  std::size_t notes_ = kMaxNotes;
};

void put(const sandbox::Exception& exception, RunEvent::Exception& message) {
  message.set_type(std::string(clip(exception.type, kMaxMessage)));
  message.set_message(std::string(clip(exception.message, kMaxMessage)));
  message.set_hint(std::string(clip(exception.hint, kMaxMessage)));
  TracebackRoom room;
  room.put(exception, message);
  for (const sandbox::Cause& cause : exception.causes) {
    if (static_cast<std::size_t>(message.causes_size()) == kMaxCauses) return;
    auto& added = *message.add_causes();
    added.set_is_context(cause.is_context);
    added.set_type(room.within(cause.type));
    added.set_message(room.within(cause.message));
    room.put(cause, added);
  }
}

RunEvent event_of(const Outcome& outcome) {
  RunEvent event;
  auto& ended = *event.mutable_ended();
  ended.set_kind(static_cast<int>(outcome.kind));
  ended.set_exit_code(outcome.exit_code);
  ended.set_message(std::string(clip(outcome.message, kMaxMessage)));
  if (outcome.limit) {
    ended.mutable_limit()->set_limit(outcome.limit->limit);
    ended.mutable_limit()->set_value(outcome.limit->value);
  }
  if (outcome.exception) put(*outcome.exception, *ended.mutable_exception());
  if (outcome.result) ended.set_result(std::string(clip(*outcome.result, kMaxResult)));
  ended.set_wall_ns(static_cast<std::uint64_t>(outcome.usage.wall.count()));
  ended.set_cpu_ns(static_cast<std::uint64_t>(outcome.usage.cpu.count()));
  ended.set_peak_memory(outcome.usage.peak_memory.value);
  ended.set_dirty_pages(outcome.usage.dirty_pages);
  if (outcome.usage.fuel) ended.set_fuel(*outcome.usage.fuel);
  return event;
}

}  // namespace

std::string frame_prefix(std::size_t size) {
  const auto length = static_cast<std::uint32_t>(size);
  std::string prefix(sizeof length, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  return prefix;
}

std::string framed(std::string_view body) {
  std::string frame = frame_prefix(body.size());
  frame += body;
  return frame;
}

std::string ready_message() {
  RunEvent event;
  event.mutable_ready();
  return framed(event.SerializeAsString());
}

Outcome deadline_outcome(const sandbox::Limits& limits, RunPhase phase) {
  Outcome outcome;
  outcome.kind = OutcomeKind::kDeadline;
  outcome.exit_code = exit_code_of(outcome.kind);
  const double seconds = static_cast<double>(limits.wall.count()) / 1000;
  if (phase == RunPhase::kInput) {
    const double waited = static_cast<double>(limits.input.count()) / 1000;
    outcome.message = fmt::format("waited longer than {:g} s for input; allow more with {}", waited,
                                  sandbox::kInputLimit.option(limits.words));
    outcome.limit = sandbox::LimitHit::of(sandbox::kInputLimit, waited, limits.words);
    return outcome;
  }
  outcome.message =
      phase == RunPhase::kProgram
          ? fmt::format("ran longer than {:g} s", seconds)
          : fmt::format("its files took longer to write out than {} s after its limit of {:g} s",
                        kResultsTime.count(), seconds);
  outcome.message += fmt::format("; allow more with {}", sandbox::kWallLimit.option(limits.words));
  outcome.limit = sandbox::LimitHit::of(sandbox::kWallLimit, seconds, limits.words);
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
    outcome.message = exit.signal == SIGKILL
                          ? "its process was killed for want of memory; lower " +
                                std::string(sandbox::kMemoryLimit.option(limits.words)) +
                                " or give the machine more"
                          : "its process needed more memory than its limits "
                            "allow beside the guest's own; raise " +
                                std::string(sandbox::kMemoryLimit.option(limits.words));
    outcome.limit = sandbox::LimitHit::of(sandbox::kMemoryLimit,
                                          static_cast<double>(limits.memory.value), limits.words);
  } else {
    outcome.kind = OutcomeKind::kCrashed;
    outcome.message = exit.signal != 0 ? "its process died of signal " + std::to_string(exit.signal)
                                       : "its process ended without an outcome, exit code " +
                                             std::to_string(exit.code);
  }
  outcome.exit_code = exit_code_of(outcome.kind);
  return outcome;
}

EventSender::EventSender(int socket, ByteSize output_limit, const StreamEnds* ends)
    : socket_(socket),
      ends_(ends),
      output_(socket),
      left_{output_limit.value, output_limit.value},
      wall_(Clock::now()),
      cpu_(cpu_time()) {}

Status EventSender::send(const RunEvent& event) {
  SKERRY_TRY(output_.flush());
  return write_all(socket_, as_bytes(framed(event.SerializeAsString())));
}

Status EventSender::started(std::span<const int>) {
  wall_ = Clock::now();
  cpu_ = cpu_time();
  RunEvent event;
  event.mutable_started();
  return send(event);
}

Status EventSender::changed(const FileChange& change) {
  RunEvent event;
  auto& message = *event.mutable_change();
  message.set_kind(static_cast<RunEvent::FileChange::Kind>(static_cast<int>(change.kind) + 1));
  message.set_path(change.path);
  message.set_content(change.content);
  message.set_append(change.is_further_piece);
  message.set_offset(change.offset);
  message.set_size(change.size);
  if (change.permissions) message.set_permissions(*change.permissions);
  message.set_is_new(change.is_new);
  message.set_is_left_out(change.is_left_out);
  message.set_is_directory(change.is_directory);
  return send(event);
}

Status EventSender::displayed(const sandbox::Display& display) {
  SKERRY_TRY(display.check());
  if (!shown_.take(display.size())) {
    return absl::ResourceExhaustedError("the run has shown as much as it may");
  }
  RunEvent event;
  auto& message = *event.mutable_display();
  for (const auto& part : display.parts) {
    auto& added = *message.add_parts();
    added.set_type(part.type);
    added.set_kind(static_cast<int>(part.kind));
    added.set_content(part.content);
  }
  message.set_metadata(display.metadata);
  message.set_chart(display.chart);
  message.set_is_result(display.is_result);
  return send(event);
}

Status EventSender::waiting(bool is_waiting) {
  if (is_waiting) {
    waiting_since_ = Clock::now();
  } else {
    waited_ += Clock::now() - waiting_since_;
  }
  RunEvent event;
  event.mutable_waiting()->set_is_over(!is_waiting);
  return send(event);
}

void EventSender::add_times(Outcome& outcome) const {
  outcome.usage.wall = Clock::now() - wall_ - waited_;
  outcome.usage.cpu = cpu_time() - cpu_;
}

Status EventSender::ended(Outcome outcome) {
  add_times(outcome);
  return send(event_of(outcome));
}

Status EventSender::ended(Outcome outcome, const LeftState& left, bool is_kept) {
  add_times(outcome);
  RunEvent event = event_of(outcome);
  event.mutable_ended()->set_is_kept(is_kept);
  if (!left.file.is_open()) {
    event.mutable_ended()->set_state(left.bytes);
    return send(event);
  }
  SKERRY_TRY(output_.flush());
  const int file = left.file.get();
  return send_all(socket_, as_bytes(framed(event.SerializeAsString())), {&file, 1});
}

Status EventSender::failed(const Status& status) {
  RunEvent event;
  event.mutable_failed()->set_code(static_cast<int>(status.code()));
  event.mutable_failed()->set_message(
      std::string(clip(to_utf8(message_of(status)), kMaxMessage)));  // it may name a file
  return send(event);
}

Status EventSender::write(wasi::Stream stream, std::span<const std::byte> bytes) {
  const auto state = ends_ != nullptr ? ends_->of(stream) : StreamEnds::State::kOpen;
  if (state == StreamEnds::State::kGone)
    return absl::UnavailableError("the stream's reader has gone");
  if (state == StreamEnds::State::kFailed)
    return absl::InternalError("the stream cannot be written to");
  const bool is_stderr = stream == wasi::Stream::kStderr;
  std::uint64_t& left = left_[is_stderr ? 1 : 0];
  while (!bytes.empty() && left != kCut) {
    const auto piece = bytes.first(std::min<std::uint64_t>({bytes.size(), left, kOutputPiece}));
    left -= piece.size();
    bytes = bytes.subspan(piece.size());
    if (left > 0 || bytes.empty()) {
      SKERRY_TRY(output_.write(stream, piece));
      continue;
    }
    RunEvent event;
    event.mutable_output()->set_is_stderr(is_stderr);
    event.mutable_output()->set_bytes(piece.data(), piece.size());
    event.mutable_output()->set_cut(true);
    left = kCut;
    SKERRY_TRY(send(event));
  }
  return ok_status();
}

}  // namespace skerry::worker
