// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasm/limits.h"

namespace skerry::wasm {

/// A function that the host offers to a guest. No name holds a space.
struct HostFunction {
  std::string_view module;
  std::string_view name;
  std::string type;  ///< as in the text format: "(i32 i64) -> (i32)"
};

/// Whether the untrusted `bytes` are a module of the core binary format, version 1, that keeps to
/// `limits` and can run as a WASI command: all that it imports is among `offered`, with that type;
/// it exports a function `_start` of type () -> () and, if it imports anything that could read or
/// write it, its memory as "memory". Every instruction is walked; that types agree is the engine's
/// to check. Linear in the module's size, allocates in proportion to it, never recurses.
///
/// kInvalidArgument for bytes that are no module ("Invalid WASM module format ..."), a broken one
/// ("malformed WASM module: ..."), imports that are not offered (`unknown import "env"."foo"
/// (func)`, all of them up to 100; or both types of a known one) and an export that is missing;
/// kResourceExhausted for a limit, with value and limit; kUnimplemented for components, 64-bit or
/// shared memories and tables, custom page sizes, and imports of exact functions.
Status check_command(std::span<const std::byte> bytes, const ModuleLimits& limits,
                     std::span<const HostFunction> offered);

}  // namespace skerry::wasm
