// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "skerry/base/status.h"
#include "skerry/wasm/limits.h"

namespace skerry::wasm {

/// The first two things that are asked of a module, also for who wants to know before he keeps the
/// bytes or sends them on: their size, and their first eight. kResourceExhausted names the size and
/// the limit, kInvalidArgument what was found instead of a module ("Invalid WASM module format
/// ..."), kUnimplemented a component.
Status check_size(std::span<const std::byte> bytes, const ModuleLimits& limits);
Status check_preamble(std::span<const std::byte> bytes);

}  // namespace skerry::wasm
