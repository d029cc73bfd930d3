// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::engine {

/// Names how `tune` rewrites, for what depends on its output: another rewriting, another name.
inline constexpr std::string_view kTuning = "tuning 1";

/// `module` rewritten to run faster, knowing from `profile` what it spends its time on: small and
/// hot callees are inlined, calls through the table are preceded by a test for their usual target,
/// and a custom section tells the engine which branches are rare. Nothing else about it changes:
/// not a value, trap or side effect, whatever the profile says; only how much stack and fuel a call
/// takes. Sections stay, custom ones but for the names go.
///
/// `profile` is text as `scripts/profile_python` writes it. It belongs to one code section and
/// names its SHA-256, so it serves a module and its hollow form alike.
///
/// Equal input, equal output; 2 s and three times the module's size for CPython. Thread-safe. Both
/// arguments may be hostile. kInvalidArgument for a module that is not valid, or that could write
/// its first table or has it imported, exported or filled from anything but constants, and for a
/// profile that is malformed or of other code.
Result<std::vector<std::byte>> tune(std::span<const std::byte> module, std::string_view profile);

}  // namespace skerry::engine
