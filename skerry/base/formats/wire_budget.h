// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry {

class WireBudget;

/// One field that a Protobuf message may have, and how much of it. Made by the functions below.
struct WireField {
  enum class Kind : std::uint8_t { kVarint, kFixed64, kBytes, kMessage };
  std::uint32_t number = 0;
  std::string_view name;  ///< for error messages; a literal
  Kind kind = Kind::kVarint;
  bool is_repeated = false;
  std::uint64_t left = 0;         ///< of a repeated field: elements, in the whole input
  std::uint64_t max_size = 0;     ///< of a string or bytes field: bytes of each
  WireBudget* message = nullptr;  ///< of a submessage
};

/// How much a serialized Protobuf message may hold, field by field. What is repeated is counted
/// over the whole input, whatever messages it lies in. Each scan takes away from the budget, so it
/// serves one. Borrows the budgets of its submessages. Confined to one thread.
///
/// What bounds memory are the counts: a submessage that takes two bytes on the wire takes fifty
/// and more once it is parsed.
class WireBudget {
 public:
  WireBudget(std::initializer_list<WireField> fields);

 private:
  friend class WireScan;
  std::vector<WireField> fields_;  // by number
};

/// Singular fields: each may come once in a message, as every encoder writes it.
WireField wire_varint(std::uint32_t number, std::string_view name);
WireField wire_fixed64(std::uint32_t number, std::string_view name);
WireField wire_bytes(std::uint32_t number, std::string_view name, std::uint64_t max_size);
WireField wire_message(std::uint32_t number, std::string_view name, WireBudget& message);

/// Repeated fields: at most `max_count` elements, packed or not.
WireField wire_varints(std::uint32_t number, std::string_view name, std::uint64_t max_count);
WireField wire_byte_strings(std::uint32_t number, std::string_view name, std::uint64_t max_count,
                            std::uint64_t max_size);
WireField wire_messages(std::uint32_t number, std::string_view name, std::uint64_t max_count,
                        WireBudget& message);

/// Fields that no budget knows, in one input: a later version may have added some. Protobuf keeps
/// them, at up to 150 bytes of memory each besides their content.
inline constexpr std::uint64_t kMaxUnknownWireFields = 1024;
inline constexpr std::uint64_t kMaxUnknownWireBytes = 65'536;

/// Reads `bytes` as a message without building anything, and counts what is in it: to be called
/// before Protobuf parses bytes that are not ours. Takes time linear in `bytes` and no memory.
/// kDataLoss, naming the field, when they are no message, are more than `max_size` bytes, or hold
/// more than `budget` has.
Status check_wire(std::string_view bytes, std::uint64_t max_size, WireBudget& budget);

/// The first value of a singular varint field of the message itself: for budgets that depend on it.
/// None when there is none, or when what lies before it is no message.
std::optional<std::uint64_t> find_wire_varint(std::string_view bytes, std::uint32_t number);

}  // namespace skerry
