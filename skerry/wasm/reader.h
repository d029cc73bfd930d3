// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "skerry/base/status.h"
#include "skerry/wasm/limits.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// The first two things that `read_module` asks, for who wants to know before he keeps the bytes or
/// sends them on: their size, and their first eight.
Status check_size(std::span<const std::byte> bytes, const ModuleLimits& limits);
Status check_preamble(std::span<const std::byte> bytes);

/// Reads an untrusted module of the core binary format, version 1, and checks its form, its indices
/// and `limits`. Linear in its size, allocates in proportion to what the bytes really hold, never
/// recurses. The result borrows `bytes`.
///
/// kInvalidArgument for bytes that are no module ("Invalid WASM module format ...") or a broken one
/// ("malformed WASM module: ..."), kResourceExhausted for a limit, with value and limit,
/// kUnimplemented for components, 64-bit or shared memories and tables, and custom page sizes.
Result<Module> read_module(std::span<const std::byte> bytes, const ModuleLimits& limits);

}  // namespace skerry::wasm
