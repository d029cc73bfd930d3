// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/types.h"

#include "skerry/wasm/instruction.h"

namespace skerry::wasm {
namespace {

constexpr std::int64_t kMaxTypeIndex = 1'000'000;  // the engine's limit
constexpr std::uint8_t kReferenceCode = 0x64;
constexpr std::uint8_t kNullableReferenceCode = 0x63;

/// One of the abstract heap types, whose codes are negative numbers of one byte. Shared ones and
/// continuations are none of the engine's.
bool is_abstract_heap_code(std::uint8_t code) { return code >= 0x69 && code <= 0x74; }

std::int32_t sign_extended(std::uint8_t code) { return std::int32_t{code} - 0x80; }

/// Whether the instruction may stand in a constant expression.
bool is_constant(std::uint32_t opcode) {
  switch (opcode) {
    case op::kGlobalGet:
    case op::kI32Const:
    case op::kI64Const:
    case op::kF32Const:
    case op::kF64Const:
    case op::kI32Add:
    case op::kI32Sub:
    case op::kI32Mul:
    case op::kI64Add:
    case op::kI64Sub:
    case op::kI64Mul:
    case op::kRefNull:
    case op::kRefFunc:
    case op::kV128Const:
    case op::kStructNew:
    case op::kStructNewDefault:
    case op::kArrayNew:
    case op::kArrayNewDefault:
    case op::kArrayNewFixed:
    case op::kAnyConvertExtern:
    case op::kExternConvertAny:
    case op::kRefI31:
    case op::kEnd:
      return true;
    default:
      return false;
  }
}

/// The value of "i32.const n end" and "i64.const n end".
std::optional<std::uint64_t> single_constant(std::span<const std::byte> code) {
  Cursor in(code);
  std::uint64_t value = 0;
  switch (in.byte()) {
    case op::kI32Const:
      value = static_cast<std::uint32_t>(in.s32());
      break;
    case op::kI64Const:
      value = static_cast<std::uint64_t>(in.s64());
      break;
    default:
      return std::nullopt;
  }
  if (in.remaining() != 1) return std::nullopt;
  return value;
}

}  // namespace

std::int32_t read_heap_type(Cursor& in) {
  const std::size_t start = in.offset();
  const std::uint8_t first = in.peek();
  if (is_abstract_heap_code(first)) {
    in.byte();
    return sign_extended(first);
  }
  const std::int64_t index = in.s33();
  if (index < 0) in.fail_at(start, "unknown heap type " + hex_text(first));
  if (index > kMaxTypeIndex) in.fail_at(start, "type index too large");
  return in.ok() ? static_cast<std::int32_t>(index) : 0;
}

ValueType read_reference_type(Cursor& in) {
  const std::size_t start = in.offset();
  const std::uint8_t first = in.byte();
  if (first == kReferenceCode || first == kNullableReferenceCode) {
    return {ValueType::Kind::kReference, first == kNullableReferenceCode, read_heap_type(in)};
  }
  if (!is_abstract_heap_code(first)) in.fail_at(start, "unknown value type " + hex_text(first));
  return {ValueType::Kind::kReference, true, sign_extended(first)};
}

ValueType read_value_type(Cursor& in) {
  switch (in.peek()) {
    case 0x7F:
      return in.byte(), kI32;
    case 0x7E:
      return in.byte(), kI64;
    case 0x7D:
      return in.byte(), kF32;
    case 0x7C:
      return in.byte(), kF64;
    case 0x7B:
      return in.byte(), kV128;
    default:
      return read_reference_type(in);
  }
}

ConstantExpression read_constant_expression(Cursor& in) {
  Cursor walked = in;
  for (;;) {
    const std::size_t start = walked.offset();
    const std::uint32_t opcode = skip_instruction(walked);
    if (walked.ok() && !is_constant(opcode)) {
      walked.fail_at(start, "instruction " + hex_text(opcode) + " in a constant expression");
    }
    if (!walked.ok()) {
      in = std::move(walked);
      return {};
    }
    if (opcode == op::kEnd) break;
  }
  ConstantExpression expression;
  expression.code = in.take(in.remaining() - walked.remaining());
  expression.value = single_constant(expression.code);
  return expression;
}

}  // namespace skerry::wasm
