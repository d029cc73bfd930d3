// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/instance.h"

#include <algorithm>
#include <array>
#include <utility>
#include <wasmtime.h>

#include "skerry/base/os/safe_point.h"
#include "skerry/engine/wasmtime_handles.h"

namespace skerry::engine {
namespace {

constexpr std::size_t kMaxParams = 16;

wasm_valkind_t kind_of(ValueType type) {
  switch (type) {
    case ValueType::kI32:
      return WASM_I32;
    case ValueType::kI64:
      return WASM_I64;
    case ValueType::kF32:
      return WASM_F32;
    case ValueType::kF64:
      return WASM_F64;
  }
  return WASM_I32;
}

wasm_valtype_vec_t types_of(const std::vector<ValueType>& types) {
  wasm_valtype_vec_t result;
  wasm_valtype_vec_new_uninitialized(&result, types.size());
  for (std::size_t i = 0; i < types.size(); ++i)
    result.data[i] = wasm_valtype_new(kind_of(types[i]));
  return result;
}

CallEnd end_of(OwnedError error, OwnedTrap trap, bool host_ended) {
  if (!error && !trap) return {};
  if (host_ended) return {.kind = CallEnd::Kind::kHostEnded, .message = {}};
  if (error) {
    CallEnd end{.kind = CallEnd::Kind::kTrapped, .message = message_of(error.get())};
    if (end.message.starts_with("GC heap out of memory")) end.kind = CallEnd::Kind::kHeapFull;
    return end;
  }
  CallEnd end{.kind = CallEnd::Kind::kTrapped,
              .message = message_of(trap.get()) + place_of(trap.get())};
  wasmtime_trap_code_t code = 0;
  if (wasmtime_trap_code(trap.get(), &code)) {
    if (code == WASMTIME_TRAP_CODE_OUT_OF_FUEL) end.kind = CallEnd::Kind::kOutOfFuel;
    if (code == WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED) end.kind = CallEnd::Kind::kUnreachable;
    if (code == WASMTIME_TRAP_CODE_STACK_OVERFLOW) end.kind = CallEnd::Kind::kStackExhausted;
  }
  return end;
}

}  // namespace

struct Program::Handle {
  std::shared_ptr<const CompiledModule> compiled;
  Engine* engine = nullptr;
  Engine::Handle* engine_handle = nullptr;
  std::vector<HostFunction> functions;
  OwnedLinker linker;
  OwnedInstancePre ready;
};

struct Instance::Handle {
  std::shared_ptr<Program> program;
  void* host = nullptr;
  OwnedStore store;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  image::LinearMemory* linear_memory = nullptr;
  std::optional<wasmtime_memory_t> memory;
  bool host_ended = false;
  CallEnd start_end;

  Result<wasmtime_global_t> exported_global(std::string_view name) const {
    wasmtime_extern_t item{};
    if (!wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &item) ||
        item.kind != WASMTIME_EXTERN_GLOBAL) {
      return absl::NotFoundError("the module exports no global \"" + std::string(name) + "\"");
    }
    return item.of.global;
  }

  std::span<std::byte> memory_bytes() const {
    if (!memory) return {};
    return {reinterpret_cast<std::byte*>(wasmtime_memory_data(context, &*memory)),
            wasmtime_memory_data_size(context, &*memory)};
  }

  /// While the start function runs, only the caller knows the instance's exports.
  void find_memory_of(wasmtime_caller_t* caller) {
    wasmtime_extern_t item{};
    if (wasmtime_caller_export_get(caller, "memory", 6, &item) &&
        item.kind == WASMTIME_EXTERN_MEMORY) {
      memory = item.of.memory;
    }
  }

  static wasm_trap_t* call_host(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* raw,
                                size_t count) {
    const SafePoint host(false);
    const auto* function = static_cast<const HostFunction*>(env);
    auto* self = static_cast<Handle*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
    if (!self->memory) self->find_memory_of(caller);
    std::array<std::uint64_t, kMaxParams> values{};
    const std::size_t params = function->params.size();
    for (std::size_t i = 0; i < params && i < count; ++i) {
      values[i] = function->params[i] == ValueType::kI32 ? static_cast<std::uint32_t>(raw[i].i32)
                                                         : static_cast<std::uint64_t>(raw[i].i64);
    }
    const HostAnswer answer = function->call(
        self->host, self->memory_bytes(),
        std::span(values).first(std::max(params, function->results.size())), function->self);
    if (answer == HostAnswer::kEnd) {
      self->host_ended = true;
      return wasmtime_trap_new("ended by the host", 17);
    }
    if (!function->results.empty()) {
      if (function->results[0] == ValueType::kI32) {
        raw[0].i32 = static_cast<std::int32_t>(values[0]);
      } else {
        raw[0].i64 = static_cast<std::int64_t>(values[0]);
      }
    }
    return nullptr;
  }
};

Program::Program(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Program::~Program() = default;

Metering Program::metering() const { return handle_->engine->metering(); }

Result<std::shared_ptr<Program>> Program::link(std::shared_ptr<const CompiledModule> compiled,
                                               std::vector<HostFunction> functions) {
  auto handle = std::make_unique<Handle>();
  handle->engine = compiled->engine_.get();
  handle->engine_handle = handle->engine->handle_.get();
  handle->functions = std::move(functions);
  handle->linker.reset(wasmtime_linker_new(handle->engine_handle->engine.get()));
  for (const HostFunction& function : handle->functions) {
    if (function.params.size() > kMaxParams || function.results.size() > 1) {
      return absl::InvalidArgumentError("host function " + function.name + " has too many values");
    }
    auto params = types_of(function.params);
    auto results = types_of(function.results);
    wasm_functype_t* type = wasm_functype_new(&params, &results);
    const OwnedError error(wasmtime_linker_define_func_unchecked(
        handle->linker.get(), function.module.data(), function.module.size(), function.name.data(),
        function.name.size(), type, Instance::Handle::call_host,
        const_cast<HostFunction*>(&function), nullptr));
    wasm_functype_delete(type);
    if (error) return absl::InvalidArgumentError(message_of(error.get()));
  }
  wasmtime_instance_pre_t* ready = nullptr;
  if (const OwnedError error(wasmtime_linker_instantiate_pre(
          handle->linker.get(), compiled->handle_->module.get(), &ready));
      error) {
    return absl::InvalidArgumentError(message_of(error.get()));
  }
  handle->ready.reset(ready);
  handle->compiled = std::move(compiled);
  return std::shared_ptr<Program>(new Program(std::move(handle)));
}

Instance::Instance(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Instance::~Instance() = default;

Result<std::unique_ptr<Instance>> Instance::create(std::shared_ptr<Program> program,
                                                   image::LinearMemory& memory, void* host,
                                                   const InstanceLimits& limits) {
  auto handle = std::make_unique<Handle>();
  handle->host = host;
  Engine::Handle& engine = *program->handle_->engine_handle;
  handle->store.reset(wasmtime_store_new(engine.engine.get(), handle.get(), nullptr));
  // Memories keep their limit themselves, and note what they refused: here -1.
  wasmtime_store_limiter(handle->store.get(), -1, limits.table_elements, limits.instances,
                         limits.tables, limits.memories);
  handle->context = wasmtime_store_context(handle->store.get());
  if (program->metering() == Metering::kFuel) {
    const OwnedError error(wasmtime_context_set_fuel(handle->context, limits.fuel));
  }
  handle->linear_memory = engine.memory = &memory;
  engine.memory_is_free = true;
  wasm_trap_t* trap = nullptr;
  OwnedError error(wasmtime_instance_pre_instantiate(program->handle_->ready.get(), handle->context,
                                                     &handle->instance, &trap));
  engine.memory_is_free = false;
  OwnedTrap owned_trap(trap);
  handle->program = std::move(program);
  wasm_trap_t* const trapped = owned_trap.get();
  if (error && !handle->host_ended) {
    return absl::ResourceExhaustedError("Failed to instantiate WASM module: " +
                                        message_of(error.get()));
  }
  handle->start_end = end_of(std::move(error), std::move(owned_trap), handle->host_ended);
  if (trapped != nullptr || handle->host_ended)
    return std::unique_ptr<Instance>(new Instance(std::move(handle)));
  wasmtime_extern_t item{};
  if (wasmtime_instance_export_get(handle->context, &handle->instance, "memory", 6, &item) &&
      item.kind == WASMTIME_EXTERN_MEMORY) {
    handle->memory = item.of.memory;
  }
  return std::unique_ptr<Instance>(new Instance(std::move(handle)));
}

const CallEnd& Instance::start_end() const { return handle_->start_end; }

Result<Function> Instance::function(std::string_view name) {
  wasmtime_extern_t item{};
  if (!wasmtime_instance_export_get(handle_->context, &handle_->instance, name.data(), name.size(),
                                    &item) ||
      item.kind != WASMTIME_EXTERN_FUNC) {
    return absl::NotFoundError("the module exports no function \"" + std::string(name) + "\"");
  }
  return Function{item.of.func.store_id, item.of.func.__private};
}

Result<CallEnd> Instance::call(std::string_view name, std::span<const std::uint64_t> arguments) {
  SKERRY_ASSIGN(const Function function, this->function(name));
  const wasmtime_func_t func{function.store, function.pointer};
  wasm_functype_t* type = wasmtime_func_type(handle_->context, &func);
  const wasm_valtype_vec_t* params = wasm_functype_params(type);
  const wasm_valtype_vec_t* results = wasm_functype_results(type);
  const auto is_integer = [](const wasm_valtype_vec_t* types) {
    return std::all_of(types->data, types->data + types->size, [](const wasm_valtype_t* t) {
      return wasm_valtype_kind(t) == WASM_I32 || wasm_valtype_kind(t) == WASM_I64;
    });
  };
  const bool fits = params->size == arguments.size() && params->size <= kMaxParams &&
                    results->size <= 1 && is_integer(params) && is_integer(results);
  wasm_functype_delete(type);
  if (!fits) {
    return absl::InvalidArgumentError("function \"" + std::string(name) + "\" has another type");
  }
  return unsafe_call(function, arguments);
}

CallEnd Instance::unsafe_call(const Function& function, std::span<const std::uint64_t> arguments) {
  std::array<wasmtime_val_raw_t, kMaxParams> raw{};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    raw[i].i64 = static_cast<std::int64_t>(arguments[i]);
  }
  const wasmtime_func_t func{function.store, function.pointer};
  handle_->host_ended = false;
  handle_->program->handle_->engine_handle->memory = handle_->linear_memory;
  wasm_trap_t* trap = nullptr;
  OwnedError error([&] {
    const SafePoint guest(true);
    return wasmtime_func_call_unchecked(handle_->context, &func, raw.data(), raw.size(), &trap);
  }());
  CallEnd end = end_of(std::move(error), OwnedTrap(trap), handle_->host_ended);
  end.value = static_cast<std::uint64_t>(raw[0].i64);
  return end;
}

Result<std::uint64_t> Instance::global(std::string_view name) {
  SKERRY_ASSIGN(const wasmtime_global_t global, handle_->exported_global(name));
  wasmtime_val_t value{};
  wasmtime_global_get(handle_->context, &global, &value);
  switch (value.kind) {
    case WASMTIME_I32:
    case WASMTIME_F32:
      return static_cast<std::uint32_t>(value.of.i32);
    case WASMTIME_I64:
    case WASMTIME_F64:
      return static_cast<std::uint64_t>(value.of.i64);
    default:
      return absl::UnimplementedError("global \"" + std::string(name) + "\" is not a number");
  }
}

Status Instance::set_global(std::string_view name, std::uint64_t bits) {
  SKERRY_ASSIGN(const wasmtime_global_t global, handle_->exported_global(name));
  wasmtime_val_t value{};
  wasmtime_global_get(handle_->context, &global, &value);  // for its kind
  value.of.i64 = static_cast<std::int64_t>(bits);
  if (const OwnedError error(wasmtime_global_set(handle_->context, &global, &value)); error) {
    return absl::InvalidArgumentError(message_of(error.get()));
  }
  return ok_status();
}

Status Instance::set_fuel(std::uint64_t fuel) {
  if (const OwnedError error(wasmtime_context_set_fuel(handle_->context, fuel)); error) {
    return absl::FailedPreconditionError(message_of(error.get()));
  }
  return ok_status();
}

std::uint64_t Instance::fuel() const {
  std::uint64_t left = 0;
  const OwnedError error(wasmtime_context_get_fuel(handle_->context, &left));
  return error ? 0 : left;
}

std::span<std::byte> Instance::memory() { return handle_->memory_bytes(); }

Status Instance::refresh_memory_size() {
  if (!handle_->memory) return absl::FailedPreconditionError("the module exports no memory");
  // Behind every growth the engine asks for address and size anew, and by 0 pages is one (Wasmtime
  // 48, `memory_grow` in vm/instance.rs).
  std::uint64_t before = 0;
  const OwnedError error(wasmtime_memory_grow(handle_->context, &*handle_->memory, 0, &before));
  if (error) return absl::InternalError(message_of(error.get()));
  if (memory().size() == handle_->linear_memory->size()) return ok_status();
  return absl::InternalError("the engine did not take the memory's new size");
}

}  // namespace skerry::engine
