// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasm/code_scan.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// A function that the host offers to a guest.
struct HostFunction {
  std::string_view module;
  std::string_view name;
  FunctionType type;
};

/// Whether everything `module` imports is among `offered`, with that type. kInvalidArgument names
/// the first that is not: `unknown import "env"."foo" (func)`, or both types of a known one. Only
/// functions are ever offered.
Status check_imports(const Module& module, std::span<const HostFunction> offered);

/// Whether `module` can run as a WASI command: it exports a function `_start` of type () -> (),
/// and, if it imports anything that could read or write it, its memory as "memory".
/// kInvalidArgument says what is missing.
Status check_command(const Module& module);

/// Whether an image of memory and globals holds everything that code of `module` can change between
/// runs, so that it may serve as a runtime for sessions: no table is written, no segment is used
/// up, no mutable global holds a reference. kUnimplemented names all that stands against it.
Status check_state_in_image(const Module& module, const CodeScan& scan);

}  // namespace skerry::wasm
