// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vendor's side of engine.h and instance.h. Included by this folder's sources only.

#include <memory>
#include <string>
#include <wasmtime.h>

#include "skerry/engine/engine.h"
#include "skerry/image/linear_memory.h"

namespace skerry::engine {

template <auto Delete>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Delete(object);
  }
};

template <typename T, auto Delete>
using Owned = std::unique_ptr<T, Deleter<Delete>>;

using OwnedError = Owned<wasmtime_error_t, wasmtime_error_delete>;
using OwnedTrap = Owned<wasm_trap_t, wasm_trap_delete>;
using OwnedModule = Owned<wasmtime_module_t, wasmtime_module_delete>;
using OwnedLinker = Owned<wasmtime_linker_t, wasmtime_linker_delete>;
using OwnedStore = Owned<wasmtime_store_t, wasmtime_store_delete>;
using OwnedInstancePre = Owned<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;

/// The engine's message with its causes, on one line, without a backtrace.
std::string message_of(const wasmtime_error_t* error);
std::string message_of(const wasm_trap_t* trap);
/// " in function "NAME" at offset 0x1f of the module": where the trap is; empty unless the module
/// names its functions.
std::string place_of(const wasm_trap_t* trap);

struct Engine::Handle {
  Owned<wasm_engine_t, wasm_engine_delete> engine;
  /// The memory of the guest that runs or is instantiated: what other memories it asks for lie
  /// beside.
  image::LinearMemory* memory = nullptr;
  /// Whether `memory` is still to become the first non-empty memory of the next instance.
  bool memory_is_free = false;
};

struct CompiledModule::Handle {
  OwnedModule module;
};

}  // namespace skerry::engine
