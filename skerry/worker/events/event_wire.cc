// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/events/event_wire.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "skerry/worker/events/run_events.h"

namespace skerry::worker {
namespace {

// Fields of one message, one after the other, as Protobuf encodes them. Groups are not known.
class WireFields {
 public:
  struct Field {
    std::uint32_t number = 0;
    bool has_bytes = false;  ///< else `value` is what it holds
    std::uint64_t value = 0;
    std::string_view bytes;
  };

  explicit WireFields(std::string_view message) : rest_(message) {}

  /// None at the end, and when what follows is no field: `is_sound` tells the two apart.
  std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    const auto field = read();
    if (!field) is_sound_ = false;
    return field;
  }
  bool is_sound() const { return is_sound_; }
  std::string_view rest() const { return rest_; }

 private:
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  bool take(std::uint64_t size, std::string_view& bytes) {
    if (size > rest_.size()) return false;
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::optional<Field> read() {
    const auto tag = varint();
    if (!tag || *tag >> 3 == 0 || *tag >> 3 > UINT32_MAX) return std::nullopt;
    Field field{.number = static_cast<std::uint32_t>(*tag >> 3), .bytes = {}};
    switch (*tag & 7) {
      case 0: {
        const auto value = varint();
        if (!value) return std::nullopt;
        field.value = *value;
        return field;
      }
      case 1:
        return take(8, field.bytes) ? std::optional(field) : std::nullopt;
      case 2: {
        const auto size = varint();
        field.has_bytes = true;
        return size && take(*size, field.bytes) ? std::optional(field) : std::nullopt;
      }
      case 5:
        return take(4, field.bytes) ? std::optional(field) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::string_view rest_;
  bool is_sound_ = true;
};

// What the fields beside the texts of a message take at most.
constexpr std::size_t kRoom = std::size_t{8} << 10;

/// Bytes of an event's message, by its kind; 0 for a kind that does not exist.
std::size_t max_size_of(std::uint8_t kind) {
  switch (static_cast<EventKind>(kind)) {
    case EventKind::kStarted:
    case EventKind::kReady:
    case EventKind::kWaiting:
      return kRoom;
    case EventKind::kOutput:
      return kOutputPiece + kRoom;
    case EventKind::kChange:
      return kFilePiece + kMaxPath + kRoom;
    case EventKind::kEnded:
      return 4 * kMaxMessage + kMaxResult + kMaxTracebackText + kMaxStateBytes + kRoom;
    case EventKind::kFailed:
      return kMaxMessage + kRoom;
    case EventKind::kDisplay:
      return sandbox::Display::kMaxBytes + kRoom;
  }
  return 0;
}

/// Appends to the first `size` bytes of `room`.
void put_varint(std::uint64_t value, std::span<std::byte> room, std::size_t& size) {
  for (; value >= 0x80; value >>= 7) room[size++] = static_cast<std::byte>(value | 0x80);
  room[size++] = static_cast<std::byte>(value);
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

Status no_event() { return absl::InternalError("the run's process sent an event that is none"); }

Status too_large() { return absl::InternalError("the run's process sent an event too large"); }

}  // namespace

Result<std::optional<EventFrame>> first_event(std::string_view bytes) {
  constexpr std::size_t kMaxHeader =
      6;  // of the event's only field: its tag, and five bytes at most
  std::uint32_t length = 0;
  if (bytes.size() < sizeof length) return std::optional<EventFrame>();
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > std::max(max_size_of(static_cast<std::uint8_t>(EventKind::kEnded)),
                        max_size_of(static_cast<std::uint8_t>(EventKind::kDisplay))) +
                   kMaxHeader) {
    return too_large();
  }
  if (length == 0) return no_event();
  if (bytes.size() == sizeof length) return std::optional<EventFrame>();
  const auto tag = static_cast<unsigned char>(bytes[sizeof length]);
  const std::size_t max_size = max_size_of(tag >> 3);
  if ((tag & 0x87) != 2 || max_size == 0) return no_event();
  if (length > max_size + kMaxHeader) return too_large();
  if (bytes.size() - sizeof length < length) return std::optional<EventFrame>();
  WireFields fields(bytes.substr(sizeof length, length));
  const auto field = fields.next();
  // One field and nothing behind it: a second one could be of another kind.
  if (!field || !field->has_bytes || !fields.rest().empty()) return no_event();
  return std::optional(EventFrame{.kind = static_cast<EventKind>(field->number),
                                  .message = field->bytes,
                                  .size = sizeof length + length});
}

std::optional<OutputMessage> parse_output(std::string_view message) {
  OutputMessage output;
  WireFields fields(message);
  while (const auto field = fields.next()) {
    if (field->number == 1) output.is_stderr = field->value != 0;
    if (field->number == 2) output.bytes = field->bytes;
    if (field->number == 3) output.is_cut = field->value != 0;
  }
  return fields.is_sound() ? std::optional(output) : std::nullopt;
}

std::size_t put_output_head(bool is_stderr, std::size_t size, std::span<std::byte> room) {
  constexpr std::uint64_t kIsStderr = 1 << 3;
  constexpr std::uint64_t kBytes = 2 << 3 | 2;
  const std::size_t message = (is_stderr ? 2 : 0) + 1 + varint_size(size) + size;
  const auto length = static_cast<std::uint32_t>(1 + varint_size(message) + message);
  std::array<std::byte, 32> head{};
  std::memcpy(head.data(), &length, sizeof length);
  std::size_t used = sizeof length;
  put_varint(static_cast<std::uint64_t>(EventKind::kOutput) << 3 | 2, head, used);
  put_varint(message, head, used);
  if (is_stderr) {
    put_varint(kIsStderr, head, used);
    put_varint(1, head, used);
  }
  put_varint(kBytes, head, used);
  put_varint(size, head, used);
  std::memcpy(room.last(used).data(), head.data(), used);
  return used;
}

std::optional<sandbox::Display> parse_display(std::string_view message) {
  using Part = sandbox::Display::Part;
  sandbox::Display display;
  WireFields fields(message);
  while (const auto field = fields.next()) {
    if (field->number == 2) display.metadata = field->bytes;
    if (field->number == 3) display.chart = field->bytes;
    if (field->number == 4) display.is_result = field->value != 0;
    if (field->number != 1) continue;
    if (display.parts.size() == sandbox::Display::kMaxParts) return std::nullopt;
    Part& part = display.parts.emplace_back();
    WireFields inside(field->bytes);
    while (const auto item = inside.next()) {
      if (item->number == 1) part.type = item->bytes;
      if (item->number == 2 && item->value > static_cast<std::uint64_t>(Part::Kind::kJson)) {
        return std::nullopt;
      }
      if (item->number == 2) part.kind = static_cast<Part::Kind>(item->value);
      if (item->number == 3) part.content = item->bytes;
    }
    if (!inside.is_sound()) return std::nullopt;
  }
  return fields.is_sound() ? std::optional(std::move(display)) : std::nullopt;
}

std::optional<ExceptionParts> count_exception_parts(std::string_view message) {
  constexpr std::uint32_t kException = 5;  // of an Ended
  ExceptionParts parts;
  bool is_sound = true;
  const auto visit = [&is_sound](std::string_view text, const auto& each) {
    WireFields fields(text);
    while (const auto field = fields.next()) each(*field);
    is_sound = is_sound && fields.is_sound();
  };
  visit(message, [&](const WireFields::Field& exception) {
    if (exception.number != kException) return;
    visit(exception.bytes, [&](const WireFields::Field& part) {
      parts.frames += part.number == 3 ? 1 : 0;
      parts.notes += part.number == 5 ? 1 : 0;
      if (part.number != 6) return;
      ++parts.causes;
      visit(part.bytes, [&](const WireFields::Field& inside) {
        parts.frames += inside.number == 4 ? 1 : 0;
        parts.notes += inside.number == 5 ? 1 : 0;
      });
    });
  });
  return is_sound ? std::optional(parts) : std::nullopt;
}

}  // namespace skerry::worker
