// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::engine {

/// `module` with functions of ours put in the places that `text` names: it is a module in text form
/// that is written as `skerry/engine/wasmtime/src/patch/mod.rs` says. Indices of functions stay,
/// names go; a custom section keeps the hash of the code before, so that `tune` still knows its
/// profile.
///
/// Equal input, equal output; 1 s and three times the module's size for CPython. Thread-safe. The
/// module may be hostile, the text is ours. kInvalidArgument for a module that is not valid, and
/// when `text` names what it does not have exactly as often as said. The result is not validated:
/// `tune` or the engine does.
Result<std::vector<std::byte>> patch(std::span<const std::byte> module, std::string_view text);

}  // namespace skerry::engine
