// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/wasm/cursor.h"
#include "skerry/wasm/module.h"

// The parts of the format that both sections and instructions hold. Each reads one item and leaves
// failures in the cursor.
namespace skerry::wasm {

ValueType read_value_type(Cursor& in);
ValueType read_reference_type(Cursor& in);

/// A type index, or the negative code of an abstract heap type.
std::int32_t read_heap_type(Cursor& in);

/// Reads a constant expression with its `end`.
ConstantExpression read_constant_expression(Cursor& in);

}  // namespace skerry::wasm
