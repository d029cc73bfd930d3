// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/sandbox/display.h"

// An event's bytes, looked at before anything is built from them: a Protobuf message of two bytes
// may take a hundred once it is parsed.

namespace skerry::worker {

/// The kinds of events: their field numbers in proto::RunEvent.
enum class EventKind : std::uint8_t {
  kStarted = 1,
  kOutput = 2,
  kChange = 3,
  kEnded = 4,
  kFailed = 5,
  kReady = 6,
  kWaiting = 7,
  kDisplay = 8,
};

/// One event: its kind, and the bytes of its message. Borrows them.
struct EventFrame {
  EventKind kind = EventKind::kStarted;
  std::string_view message;
  std::size_t size = 0;  ///< of the whole frame, its length included
};

/// The first event in `bytes`, which a worker sent: untrusted. None as long as bytes of it are
/// missing. kInternal when it is no event, or larger than events of its kind may be; that is told
/// from its first bytes, so that no large one is waited for.
Result<std::optional<EventFrame>> first_event(std::string_view bytes);

/// A proto::RunEvent::Output, in place.
struct OutputMessage {
  bool is_stderr = false;
  bool is_cut = false;
  std::string_view bytes;
};
std::optional<OutputMessage> parse_output(std::string_view message);

/// Puts what an event with `size` bytes of output has before them at the end of `room`, which takes
/// 32 bytes. Returns how many those are. Async-signal-safe.
std::size_t put_output_head(bool is_stderr, std::size_t size, std::span<std::byte> room);

/// A proto::RunEvent::Display, copied out. None when it is no message, or has more parts than a
/// bundle may; what is in it is not looked at.
std::optional<sandbox::Display> parse_display(std::string_view message);

/// What a proto::RunEvent::Ended holds in its exception and the causes of that.
struct ExceptionParts {
  std::size_t frames = 0;
  std::size_t notes = 0;
  std::size_t causes = 0;
};
/// None when it is no message.
std::optional<ExceptionParts> count_exception_parts(std::string_view message);

}  // namespace skerry::worker
