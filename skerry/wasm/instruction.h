// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "skerry/wasm/cursor.h"

// Instructions: how long each is, and the names of the few that this folder asks for. Numbers are
// opcodes; an instruction with a prefix byte is the prefix followed by its sub-opcode in 16 bits:
// table.grow, 0xFC 15, is 0xFC000F.
namespace skerry::wasm {

namespace op {
constexpr std::uint32_t prefixed(std::uint32_t prefix, std::uint32_t sub) {
  return prefix << 16 | sub;
}

inline constexpr std::uint32_t kBlock = 0x02, kLoop = 0x03, kIf = 0x04, kTry = 0x06, kCatch = 0x07,
                               kThrow = 0x08, kRethrow = 0x09, kThrowRef = 0x0A, kEnd = 0x0B,
                               kReturnCall = 0x12, kReturnCallIndirect = 0x13, kCallRef = 0x14,
                               kReturnCallRef = 0x15, kDelegate = 0x18, kCatchAll = 0x19,
                               kTryTable = 0x1F, kGlobalGet = 0x23, kTableSet = 0x26,
                               kMemoryGrow = 0x40, kI32Const = 0x41, kI64Const = 0x42,
                               kF32Const = 0x43, kF64Const = 0x44, kI32Add = 0x6A, kI32Sub = 0x6B,
                               kI32Mul = 0x6C, kI64Add = 0x7C, kI64Sub = 0x7D, kI64Mul = 0x7E,
                               kRefNull = 0xD0, kRefFunc = 0xD2, kRefEq = 0xD3,
                               kRefAsNonNull = 0xD4, kBrOnNull = 0xD5, kBrOnNonNull = 0xD6;
inline constexpr std::uint32_t kGcPrefix = 0xFB, kMiscPrefix = 0xFC, kSimdPrefix = 0xFD,
                               kAtomicPrefix = 0xFE;
inline constexpr std::uint32_t kStructNew = prefixed(kGcPrefix, 0),
                               kStructNewDefault = prefixed(kGcPrefix, 1),
                               kArrayNew = prefixed(kGcPrefix, 6),
                               kArrayNewDefault = prefixed(kGcPrefix, 7),
                               kArrayNewFixed = prefixed(kGcPrefix, 8),
                               kAnyConvertExtern = prefixed(kGcPrefix, 26),
                               kExternConvertAny = prefixed(kGcPrefix, 27),
                               kRefI31 = prefixed(kGcPrefix, 28),
                               kMemoryInit = prefixed(kMiscPrefix, 8),
                               kDataDrop = prefixed(kMiscPrefix, 9),
                               kTableInit = prefixed(kMiscPrefix, 12),
                               kElementDrop = prefixed(kMiscPrefix, 13),
                               kTableCopy = prefixed(kMiscPrefix, 14),
                               kTableGrow = prefixed(kMiscPrefix, 15),
                               kTableFill = prefixed(kMiscPrefix, 17),
                               kFirstWide = prefixed(kMiscPrefix, 19),
                               kV128Const = prefixed(kSimdPrefix, 12);
}  // namespace op

/// What an instruction says that its opcode does not.
struct InstructionNotes {
  bool has_memory_index = false;  ///< it names a memory other than 0
};

/// Reads past one instruction and returns its opcode. An unknown one or a malformed immediate fails
/// the cursor.
std::uint32_t skip_instruction(Cursor& in, InstructionNotes& notes);
inline std::uint32_t skip_instruction(Cursor& in) {
  InstructionNotes unused;
  return skip_instruction(in, unused);
}

/// "0x1a"; prefixed ones as the bytes are, the sub-opcode in decimal: "0xfc 17".
std::string hex_text(std::uint32_t opcode);

}  // namespace skerry::wasm
