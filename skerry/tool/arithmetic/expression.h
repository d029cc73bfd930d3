// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::tool {

/// How deep parentheses, powers and conditions of an expression may nest.
inline constexpr std::size_t kMaxExpressionDepth = 512;

/// Evaluates an arithmetic expression, untrusted text, in time linear in its length.
///
/// Numbers as in C, decimal; pi and e, also written _pi and _e. Operators, from the loosest:
/// `a ? b : c`, `||`, `&&`, comparisons (1 or 0), `+ -`, `* / %` (fmod), signs, `^` or `**` (from
/// the right). Functions of one number: sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
/// log2 log10 log ln (both natural) exp sqrt sign rint (halves up) abs; of two: atan2; of one or
/// more: min max sum avg.
///
/// The result may be infinite or not a number. kInvalidArgument, with the position counted from 1,
/// for any other text.
Result<double> evaluate(std::string_view expression);

}  // namespace skerry::tool
