// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/instruction.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>

#include "skerry/wasm/types.h"

namespace skerry::wasm {
namespace {

/// What follows an opcode.
enum class Immediate : std::uint8_t {
  kUnknown,  // no such instruction
  kNone,
  kIndex,
  kTwoIndices,
  kMemory,  // the index of a memory
  kTwoMemories,
  kIndexAndMemory,
  kMemoryArgument,
  kMemoryArgumentAndLane,
  kBlockType,
  kSigned32,
  kSigned64,
  kBytes4,
  kBytes8,
  kBytes16,
  kLane,
  kZero,
  kLabelTable,
  kTypeList,
  kHandlers,
  kHeapType,
  kCast,
  kPrefix,
};

struct Range {
  std::uint32_t first;
  std::uint32_t last;
  Immediate immediate;
};

template <std::size_t N>
constexpr std::array<Immediate, N> table(std::initializer_list<Range> ranges) {
  std::array<Immediate, N> result{};
  for (const Range& range : ranges) {
    for (std::uint32_t i = range.first; i <= range.last; ++i) result[i] = range.immediate;
  }
  return result;
}

using enum Immediate;

constexpr auto kPlain = table<256>({
    {0x00, 0x01, kNone},        // unreachable, nop
    {0x02, 0x04, kBlockType},   // block, loop, if
    {0x05, 0x05, kNone},        // else
    {0x06, 0x06, kBlockType},   // try
    {0x07, 0x09, kIndex},       // catch, throw, rethrow
    {0x0A, 0x0B, kNone},        // throw_ref, end
    {0x0C, 0x0D, kIndex},       // br, br_if
    {0x0E, 0x0E, kLabelTable},  // br_table
    {0x0F, 0x0F, kNone},        // return
    {0x10, 0x10, kIndex},       // call
    {0x11, 0x11, kTwoIndices},  // call_indirect
    {0x12, 0x12, kIndex},       // return_call
    {0x13, 0x13, kTwoIndices},  // return_call_indirect
    {0x14, 0x15, kIndex},       // call_ref, return_call_ref
    {0x18, 0x18, kIndex},       // delegate
    {0x19, 0x1B, kNone},        // catch_all, drop, select
    {0x1C, 0x1C, kTypeList},    // select with types
    {0x1F, 0x1F, kHandlers},    // try_table
    {0x20, 0x26, kIndex},       // local.*, global.*, table.get, table.set
    {0x28, 0x3E, kMemoryArgument}, {0x3F, 0x40, kMemory},  // memory.size, memory.grow
    {0x41, 0x41, kSigned32},       {0x42, 0x42, kSigned64}, {0x43, 0x43, kBytes4},
    {0x44, 0x44, kBytes8},         {0x45, 0xC4, kNone},  // numbers, sign extension
    {0xD0, 0xD0, kHeapType},                             // ref.null
    {0xD1, 0xD1, kNone},                                 // ref.is_null
    {0xD2, 0xD2, kIndex},                                // ref.func
    {0xD3, 0xD4, kNone},                                 // ref.eq, ref.as_non_null
    {0xD5, 0xD6, kIndex},                                // br_on_null, br_on_non_null
    {0xFB, 0xFE, kPrefix},
});

constexpr auto kGc = table<31>({
    {0, 1, kIndex},         // struct.new, struct.new_default
    {2, 5, kTwoIndices},    // struct.get*, struct.set
    {6, 7, kIndex},         // array.new, array.new_default
    {8, 10, kTwoIndices},   // array.new_fixed, array.new_data, array.new_elem
    {11, 14, kIndex},       // array.get*, array.set
    {15, 15, kNone},        // array.len
    {16, 16, kIndex},       // array.fill
    {17, 19, kTwoIndices},  // array.copy, array.init_data, array.init_elem
    {20, 23, kHeapType},    // ref.test, ref.cast
    {24, 25, kCast},        // br_on_cast, br_on_cast_fail
    {26, 30, kNone},        // any.convert_extern, extern.convert_any, i31
});

constexpr auto kMisc = table<23>({
    {0, 7, kNone},            // saturating conversions
    {8, 8, kIndexAndMemory},  // memory.init
    {9, 9, kIndex},           // data.drop
    {10, 10, kTwoMemories},   // memory.copy
    {11, 11, kMemory},        // memory.fill
    {12, 12, kTwoIndices},    // table.init
    {13, 13, kIndex},         // elem.drop
    {14, 14, kTwoIndices},    // table.copy
    {15, 17, kIndex},         // table.grow, table.size, table.fill
    {19, 22, kNone},          // wide arithmetic
});

constexpr auto kSimd = table<0x114>({
    {0x00, 0x0B, kMemoryArgument}, {0x0C, 0x0D, kBytes16},  // v128.const, i8x16.shuffle
    {0x0E, 0x14, kNone},           {0x15, 0x22, kLane},
    {0x23, 0x53, kNone},           {0x54, 0x5B, kMemoryArgumentAndLane},
    {0x5C, 0x5D, kMemoryArgument},  // v128.load32_zero, v128.load64_zero
    {0x5E, 0x99, kNone},           {0x9B, 0xA1, kNone},
    {0xA3, 0xA4, kNone},           {0xA7, 0xAE, kNone},
    {0xB1, 0xB1, kNone},           {0xB5, 0xBA, kNone},
    {0xBC, 0xC1, kNone},           {0xC3, 0xC4, kNone},
    {0xC7, 0xCE, kNone},           {0xD1, 0xD1, kNone},
    {0xD5, 0xE1, kNone},           {0xE3, 0xED, kNone},
    {0xEF, 0xFF, kNone},           {0x100, 0x113, kNone},  // relaxed
});

constexpr auto kAtomic = table<0x4F>({
    {0x00, 0x02, kMemoryArgument},  // notify, wait
    {0x03, 0x03, kZero},            // atomic.fence
    {0x10, 0x4E, kMemoryArgument},
});

template <std::size_t N>
Immediate look_up(const std::array<Immediate, N>& immediates, std::uint32_t sub) {
  return sub < N ? immediates[sub] : kUnknown;
}

Immediate immediate_of(std::uint32_t prefix, std::uint32_t sub) {
  switch (prefix) {
    case op::kGcPrefix:
      return look_up(kGc, sub);
    case op::kMiscPrefix:
      return look_up(kMisc, sub);
    case op::kSimdPrefix:
      return look_up(kSimd, sub);
    default:
      return look_up(kAtomic, sub);
  }
}

void skip_block_type(Cursor& in) {
  const std::uint8_t first = in.peek();
  if (first == 0x40) {
    in.byte();
  } else if ((first & 0xC0) == 0x40) {  // a negative number of one byte
    read_value_type(in);
  } else if (const std::size_t start = in.offset(); in.s33() < 0) {
    in.fail_at(start, "unknown block type");
  }
}

void skip_memory(Cursor& in, InstructionNotes& notes) {
  if (in.u32() != 0) notes.has_memory_index = true;
}

void skip_memory_argument(Cursor& in, InstructionNotes& notes) {
  constexpr std::uint32_t kHasMemoryIndex = 1u << 6;
  const std::size_t start = in.offset();
  const std::uint32_t flags = in.u32();
  if (flags >= 2 * kHasMemoryIndex) in.fail_at(start, "alignment too large");
  if ((flags & kHasMemoryIndex) != 0) skip_memory(in, notes);
  in.u64();
}

void skip_indices(Cursor& in, std::uint64_t count) {
  for (; count > 0 && in.ok(); --count) in.u32();
}

void skip_types(Cursor& in) {
  for (std::uint32_t left = in.count(); left > 0 && in.ok(); --left) read_value_type(in);
}

void skip_handlers(Cursor& in) {
  skip_block_type(in);
  for (std::uint32_t left = in.count(2); left > 0 && in.ok(); --left) {
    const std::uint8_t kind = in.byte();  // catch, catch_ref, catch_all, catch_all_ref
    if (kind > 3) in.fail("unknown kind of catch");
    skip_indices(in, kind < 2 ? 2 : 1);
  }
}

void skip_cast(Cursor& in) {
  if (in.byte() > 3) in.fail("unknown cast flags");
  in.u32();
  read_heap_type(in);
  read_heap_type(in);
}

/// The immediates that are rare or long.
void skip_rare(Cursor& in, Immediate immediate, InstructionNotes& notes) {
  switch (immediate) {
    case kTwoMemories:
      skip_memory(in, notes);
      skip_memory(in, notes);
      break;
    case kIndexAndMemory:
      in.u32();
      skip_memory(in, notes);
      break;
    case kMemoryArgumentAndLane:
      skip_memory_argument(in, notes);
      in.byte();
      break;
    case kBytes16:
      in.take(16);
      break;
    case kLane:
      in.byte();
      break;
    case kZero:
      if (in.byte() != 0) in.fail("fence with flags");
      break;
    case kLabelTable: {
      const std::uint64_t labels = in.count();
      skip_indices(in, labels + 1);
      break;
    }
    case kTypeList:
      skip_types(in);
      break;
    case kHandlers:
      skip_handlers(in);
      break;
    case kHeapType:
      read_heap_type(in);
      break;
    case kCast:
      skip_cast(in);
      break;
    default:
      break;
  }
}

}  // namespace

std::uint32_t skip_instruction(Cursor& in, InstructionNotes& notes) {
  const std::size_t start = in.offset();
  std::uint32_t opcode = in.byte();
  Immediate immediate = kPlain[opcode];
  if (immediate == kPrefix) {
    const std::uint32_t prefix = opcode;
    const std::uint32_t sub = in.u32();
    immediate = immediate_of(prefix, sub);
    opcode = op::prefixed(prefix, std::min(sub, 0xFFFFu));
  }
  switch (immediate) {
    case kUnknown:
      in.fail_at(start, "unknown instruction " + hex_text(opcode));
      break;
    case kNone:
      break;
    case kIndex:
      in.u32();
      break;
    case kTwoIndices:
      in.u32();
      in.u32();
      break;
    case kMemory:
      skip_memory(in, notes);
      break;
    case kMemoryArgument:
      skip_memory_argument(in, notes);
      break;
    case kBlockType:
      skip_block_type(in);
      break;
    case kSigned32:
      in.s32();
      break;
    case kSigned64:
      in.s64();
      break;
    case kBytes4:
      in.take(4);
      break;
    case kBytes8:
      in.take(8);
      break;
    default:
      skip_rare(in, immediate, notes);
  }
  return opcode;
}

std::string hex_text(std::uint32_t opcode) {
  char text[32];
  if (opcode > 0xFF) {
    std::snprintf(text, sizeof text, "0x%02x %u", opcode >> 16, opcode & 0xFFFF);
  } else {
    std::snprintf(text, sizeof text, "0x%02x", opcode);
  }
  return text;
}

}  // namespace skerry::wasm
