// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/wire_budget.h"

#include <algorithm>
#include <string>

namespace skerry {
namespace {

// Types of fields on the wire. Groups, 3 and 4, are of Protobuf's second version: nothing of ours
// has any.
enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr int kGroupBits = 7;   // of a varint in each byte
constexpr int kMaxVarint = 10;  // bytes
constexpr unsigned char kMore = 0x80;

std::optional<std::uint64_t> take_varint(std::string_view& from) {
  std::uint64_t value = 0;
  const std::size_t most = std::min<std::size_t>(from.size(), kMaxVarint);
  for (std::size_t i = 0; i < most; ++i) {
    const auto byte = static_cast<unsigned char>(from[i]);
    value |= std::uint64_t{byte & (kMore - 1U)} << (static_cast<int>(i) * kGroupBits);
    if (byte < kMore) {
      from.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

struct Tag {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
};

std::optional<Tag> take_tag(std::string_view& from) {
  const auto value = take_varint(from);
  if (!value || *value > UINT32_MAX || *value >> 3 == 0) return std::nullopt;
  return Tag{static_cast<std::uint32_t>(*value >> 3), static_cast<WireType>(*value & 7)};
}

/// Takes a field's value from the front of `from`: of a varint nothing is returned but its value.
struct Value {
  std::uint64_t number = 0;  // of a varint
  std::string_view bytes;    // of bytes and of messages
};

std::optional<Value> take_value(WireType type, std::string_view& from) {
  Value value;
  std::size_t size = 0;
  switch (type) {
    case WireType::kVarint: {
      const auto number = take_varint(from);
      if (!number) return std::nullopt;
      value.number = *number;
      return value;
    }
    case WireType::kFixed64:
      size = sizeof(std::uint64_t);
      break;
    case WireType::kFixed32:
      size = sizeof(std::uint32_t);
      break;
    case WireType::kBytes: {
      const auto length = take_varint(from);
      if (!length || *length > from.size()) return std::nullopt;
      size = static_cast<std::size_t>(*length);
      break;
    }
    default:
      return std::nullopt;
  }
  if (size > from.size()) return std::nullopt;
  value.bytes = from.substr(0, size);
  from.remove_prefix(size);
  return value;
}

Status no_message() { return absl::DataLossError("the message is none"); }

WireType type_of(WireField::Kind kind) {
  switch (kind) {
    case WireField::Kind::kVarint:
      return WireType::kVarint;
    case WireField::Kind::kFixed64:
      return WireType::kFixed64;
    default:
      return WireType::kBytes;
  }
}

}  // namespace

WireBudget::WireBudget(std::initializer_list<WireField> fields) : fields_(fields) {
  std::sort(fields_.begin(), fields_.end(),
            [](const WireField& a, const WireField& b) { return a.number < b.number; });
}

WireField wire_varint(std::uint32_t number, std::string_view name) {
  return {.number = number, .name = name, .kind = WireField::Kind::kVarint};
}

WireField wire_fixed64(std::uint32_t number, std::string_view name) {
  return {.number = number, .name = name, .kind = WireField::Kind::kFixed64};
}

WireField wire_bytes(std::uint32_t number, std::string_view name, std::uint64_t max_size) {
  return {.number = number, .name = name, .kind = WireField::Kind::kBytes, .max_size = max_size};
}

WireField wire_message(std::uint32_t number, std::string_view name, WireBudget& message) {
  return {.number = number, .name = name, .kind = WireField::Kind::kMessage, .message = &message};
}

WireField wire_varints(std::uint32_t number, std::string_view name, std::uint64_t max_count) {
  return {.number = number,
          .name = name,
          .kind = WireField::Kind::kVarint,
          .is_repeated = true,
          .left = max_count};
}

WireField wire_byte_strings(std::uint32_t number, std::string_view name, std::uint64_t max_count,
                            std::uint64_t max_size) {
  return {.number = number,
          .name = name,
          .kind = WireField::Kind::kBytes,
          .is_repeated = true,
          .left = max_count,
          .max_size = max_size};
}

WireField wire_messages(std::uint32_t number, std::string_view name, std::uint64_t max_count,
                        WireBudget& message) {
  return {.number = number,
          .name = name,
          .kind = WireField::Kind::kMessage,
          .is_repeated = true,
          .left = max_count,
          .message = &message};
}

/// One pass over one input. Recursion is as deep as budgets lie in each other.
class WireScan {
 public:
  Status message(std::string_view bytes, WireBudget& budget) {
    std::uint64_t seen = 0;  // singular fields of this message, a bit each
    while (!bytes.empty()) {
      const auto tag = take_tag(bytes);
      if (!tag) return no_message();
      const auto value = take_value(tag->type, bytes);
      if (!value) return no_message();
      const auto field = find(budget, tag->number);
      const bool is_packed = field != budget.fields_.end() && field->is_repeated &&
                             field->kind == WireField::Kind::kVarint &&
                             tag->type == WireType::kBytes;
      if (field == budget.fields_.end() || (!is_packed && tag->type != type_of(field->kind))) {
        SKERRY_TRY(unknown(value->bytes.size()));
        continue;
      }
      if (!field->is_repeated) {
        const auto bit = std::uint64_t{1} << (field - budget.fields_.begin());
        if ((seen & bit) != 0) return refuse(*field, "twice in one message");
        seen |= bit;
      } else {
        const std::uint64_t count = is_packed ? elements(value->bytes) : 1;
        if (count > field->left) return refuse(*field, "more often than is allowed");
        field->left -= count;
      }
      if (field->kind == WireField::Kind::kBytes && value->bytes.size() > field->max_size) {
        return refuse(*field, "longer than " + std::to_string(field->max_size) + " bytes");
      }
      if (field->message != nullptr) SKERRY_TRY(message(value->bytes, *field->message));
    }
    return ok_status();
  }

 private:
  using Fields = std::vector<WireField>;

  static Fields::iterator find(WireBudget& budget, std::uint32_t number) {
    return std::find_if(budget.fields_.begin(), budget.fields_.end(),
                        [=](const WireField& field) { return field.number == number; });
  }

  /// Of a packed field: each varint ends with a byte below 0x80.
  static std::uint64_t elements(std::string_view bytes) {
    return static_cast<std::uint64_t>(std::count_if(
        bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < kMore; }));
  }

  Status unknown(std::uint64_t size) {
    if (unknown_fields_ == 0 || size > unknown_bytes_) {
      return absl::DataLossError("the message holds too much that this version does not know");
    }
    --unknown_fields_;
    unknown_bytes_ -= size;
    return ok_status();
  }

  static Status refuse(const WireField& field, std::string_view what) {
    return absl::DataLossError("the message has \"" + std::string(field.name) + "\" " +
                               std::string(what));
  }

  std::uint64_t unknown_fields_ = kMaxUnknownWireFields;
  std::uint64_t unknown_bytes_ = kMaxUnknownWireBytes;
};

Status check_wire(std::string_view bytes, std::uint64_t max_size, WireBudget& budget) {
  if (bytes.size() > max_size) {
    return absl::DataLossError("the message has " + std::to_string(bytes.size()) +
                               " bytes, expected at most " + std::to_string(max_size));
  }
  return WireScan().message(bytes, budget);
}

std::optional<std::uint64_t> find_wire_varint(std::string_view bytes, std::uint32_t number) {
  while (!bytes.empty()) {
    const auto tag = take_tag(bytes);
    if (!tag) return std::nullopt;
    const auto value = take_value(tag->type, bytes);
    if (!value) return std::nullopt;
    if (tag->number == number && tag->type == WireType::kVarint) return value->number;
  }
  return std::nullopt;
}

}  // namespace skerry
