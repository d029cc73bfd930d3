// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/engine.h"

#include <algorithm>
#include <optional>
#include <sys/resource.h>
#include <utility>
#include <wasmtime.h>

#include <fmt/format.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/safe_point.h"
#include "skerry/engine/wasmtime_handles.h"

// As in skerry/engine/wasmtime/src/c_boundary.rs.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" wasmtime_error_t* skerry_precompile(const wasm_engine_t* engine, const uint8_t* module,
                                               std::size_t module_length, wasm_byte_vec_t* native);

namespace skerry::engine {
namespace {

// A message may quote a line of the module, and that may be all of it.
constexpr std::size_t kMaxMessage = 2048;
// Of a function, which the module's name section has as it likes.
constexpr std::size_t kMaxName = 200;

std::string take(wasm_byte_vec_t text) {
  std::string result(text.data, text.size);
  wasm_byte_vec_delete(&text);
  // A trap's text may end in a NUL; an error's goes over several lines, of which the backtrace is
  // for us alone.
  while (!result.empty() && (result.back() == '\0' || result.back() == '\n')) result.pop_back();
  return result;
}

/// How a numbered cause begins: "    1: ". None for another line.
std::optional<std::size_t> end_of_number(std::string_view line) {
  const auto digit = line.find_first_not_of(' ');
  if (digit == line.npos) return std::nullopt;
  const auto colon = line.find_first_not_of("0123456789", digit);
  if (colon == digit || colon == line.npos || line.substr(colon, 2) != ": ") return std::nullopt;
  return colon + 2;
}

/// "error while executing at wasm backtrace:\n  0: …\n\nCaused by:\n    cause" becomes "cause";
/// of several, which are numbered, "cause: its cause".
std::string without_backtrace(std::string_view text) {
  constexpr std::string_view kCause = "Caused by:";
  constexpr std::string_view kPrefix = "wasm trap: ";
  std::string_view rest = text;
  const auto at = rest.rfind(kCause);
  if (at != rest.npos) rest.remove_prefix(at + kCause.size());
  std::string line;
  while (!rest.empty()) {
    const std::string_view whole = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), whole.size() + 1));
    const auto number = at != std::string::npos ? end_of_number(whole) : std::nullopt;
    if (number && !line.empty()) line += ':';
    std::string_view words = whole.substr(number.value_or(0));
    if (number && words.starts_with(kPrefix)) words.remove_prefix(kPrefix.size());
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(' '));
      words.remove_prefix(std::min(words.size(), word.size() + 1));
      if (word.empty()) continue;
      if (!line.empty()) line += ' ';
      line += word;
    }
  }
  return line.starts_with(kPrefix) ? line.substr(kPrefix.size()) : line;
}

// The kernel leaves at least 128 MiB of addresses below the main thread's stack, whatever the limit
// at the start was.
Status raise_stack_limit() {
  constexpr rlim_t kWanted = Engine::kGuestStack + (std::size_t{4} << 20);
  rlimit limits{};
  SKERRY_TRY(syscall_result("getrlimit", "stack", [&] {
               return ::getrlimit(RLIMIT_STACK, &limits);
             }).status());
  if (limits.rlim_cur >= kWanted) return ok_status();
  if (limits.rlim_max < kWanted) {
    return absl::FailedPreconditionError(
        "the hard limit for the stack is " + std::to_string(limits.rlim_max >> 10) +
        " KiB, expected at least " + std::to_string(kWanted >> 10) + " (ulimit -Hs)");
  }
  limits.rlim_cur = kWanted;
  return syscall_result("setrlimit", "stack", [&] { return ::setrlimit(RLIMIT_STACK, &limits); })
      .status();
}

uint8_t* memory_get(void* env, size_t* byte_size, size_t* byte_capacity) {
  const auto* memory = static_cast<image::LinearMemory*>(env);
  *byte_size = memory->size();
  *byte_capacity = image::LinearMemory::kReservation;
  return reinterpret_cast<uint8_t*>(memory->base());
}

wasmtime_error_t* memory_grow(void* env, size_t new_size) {
  const SafePoint host(false);
  const Status status = static_cast<image::LinearMemory*>(env)->grow_to(new_size);
  return status.ok() ? nullptr
                     : wasmtime_error_new(std::string(skerry::message_of(status)).c_str());
}

void memory_delete(void* env) { delete static_cast<image::LinearMemory*>(env); }

// With exceptions on, every store asks for a garbage-collected heap too: minimum 0, and before the
// module's memory. Only a memory with a minimum is the module's own and lies on the image; a
// module's empty memory needs none.
// NOLINTNEXTLINE(readability-function-size): the vendor's signature
wasmtime_error_t* memory_new(void* env, const wasm_memorytype_t*, size_t minimum, size_t, size_t,
                             size_t, wasmtime_linear_memory_t* result) {
  auto* engine = static_cast<Engine::Handle*>(env);
  image::LinearMemory* memory = nullptr;
  if (minimum > 0 && std::exchange(engine->memory_is_free, false)) {
    memory = engine->memory;
    result->finalizer = nullptr;
  } else {
    auto made = image::LinearMemory::beside(*engine->memory);
    if (!made.ok())
      return wasmtime_error_new(std::string(skerry::message_of(made.status())).c_str());
    // After an error nobody calls the finalizer.
    if (auto* error = minimum > 0 ? memory_grow(made->get(), minimum) : nullptr) return error;
    memory = made->release();
    result->finalizer = memory_delete;
  }
  result->env = memory;
  result->get_memory = memory_get;
  result->grow_memory = memory_grow;
  return minimum > memory->size() ? memory_grow(memory, minimum) : nullptr;
}

}  // namespace

std::string message_of(const wasmtime_error_t* error) {
  wasm_byte_vec_t text;
  wasmtime_error_message(error, &text);
  return without_backtrace(take(text));
}

std::string message_of(const wasm_trap_t* trap) {
  wasm_byte_vec_t text;
  wasm_trap_message(trap, &text);
  return without_backtrace(take(text));
}

std::string place_of(const wasm_trap_t* trap) {
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  std::string place;
  if (frames.size > 0) {
    const wasm_name_t* name = wasmtime_frame_func_name(frames.data[0]);
    if (name != nullptr) {
      std::string shown;
      for (const char c : clip(std::string_view(name->data, name->size), kMaxName))
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
      place = fmt::format(" in function \"{}\" at offset {:#x} of the module", shown,
                          wasm_frame_module_offset(frames.data[0]));
    }
  }
  wasm_frame_vec_delete(&frames);
  return place;
}

Engine::Engine(Metering metering) : metering_(metering), handle_(std::make_unique<Handle>()) {}
Engine::~Engine() = default;

std::string Engine::fingerprint(Metering metering) {
  return std::string("wasmtime " WASMTIME_VERSION "; settings 2; ") +
         (metering == Metering::kFuel ? "fuel" : "plain");
}

Result<std::shared_ptr<Engine>> Engine::create(Metering metering) {
  SKERRY_TRY(raise_stack_limit());
  auto engine = std::shared_ptr<Engine>(new Engine(metering));
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_CRANELIFT);
  wasmtime_config_consume_fuel_set(config, metering == Metering::kFuel);
  // A stack above 2 MiB is refused unless the (unused) asynchronous stack is larger still.
  wasmtime_config_async_stack_size_set(config, kGuestStack + (std::size_t{1} << 20));
  wasmtime_config_max_wasm_stack_set(config, kGuestStack);
  // The image is what copy-on-write initialisation would be.
  wasmtime_config_memory_init_cow_set(config, false);
  wasmtime_config_memory_may_move_set(config, false);
  wasmtime_config_memory_reservation_set(config, image::LinearMemory::kReservation);
  wasmtime_config_memory_guard_size_set(config, image::LinearMemory::kGuard);
  // Saves 8 ms a load and 2-17 ms on a process's first C++ throw; nothing unwinds through guest
  // code.
  wasmtime_config_native_unwind_info_set(config, false);
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_wasm_memory64_set(config, false);
  // What `tune` says about branches; a module without hints is compiled as ever.
  wasmtime_config_wasm_branch_hinting_set(config, true);
  wasmtime_memory_creator_t creator{};
  creator.env = engine->handle_.get();
  creator.new_memory = memory_new;
  wasmtime_config_host_memory_creator_set(config, &creator);
  engine->handle_->engine.reset(wasm_engine_new_with_config(config));
  if (!engine->handle_->engine) return absl::InternalError("the engine refused its configuration");
  return engine;
}

Result<std::vector<std::byte>> Engine::compile(std::span<const std::byte> module) {
  wasm_byte_vec_t native;
  if (const OwnedError error(skerry_precompile(handle_->engine.get(),
                                               reinterpret_cast<const uint8_t*>(module.data()),
                                               module.size(), &native));
      error) {
    const std::string text = message_of(error.get());
    if (text.starts_with("out of memory")) return absl::ResourceExhaustedError(text);
    return absl::InvalidArgumentError("Failed to compile WASM module: " +
                                      std::string(clip(text, kMaxMessage)));
  }
  const auto* first = reinterpret_cast<const std::byte*>(native.data);
  std::vector<std::byte> result(first, first + native.size);
  wasm_byte_vec_delete(&native);
  return result;
}

Result<std::shared_ptr<const CompiledModule>> Engine::load(const std::filesystem::path& file) {
  wasmtime_module_t* raw = nullptr;
  if (const OwnedError error(
          wasmtime_module_deserialize_file(handle_->engine.get(), file.c_str(), &raw));
      error) {
    return absl::DataLossError(file.native() + ": " + message_of(error.get()));
  }
  auto handle = std::make_unique<CompiledModule::Handle>();
  handle->module.reset(raw);
  return std::shared_ptr<const CompiledModule>(
      new CompiledModule(shared_from_this(), std::move(handle)));
}

CompiledModule::CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<Handle> handle)
    : engine_(std::move(engine)), handle_(std::move(handle)) {}
CompiledModule::~CompiledModule() = default;

Result<std::vector<std::byte>> text_to_binary(std::string_view text) {
  wasm_byte_vec_t binary;
  if (const OwnedError error(wasmtime_wat2wasm(text.data(), text.size(), &binary)); error) {
    return absl::InvalidArgumentError(std::string(clip(message_of(error.get()), kMaxMessage)));
  }
  const auto* first = reinterpret_cast<const std::byte*>(binary.data);
  std::vector<std::byte> result(first, first + binary.size);
  wasm_byte_vec_delete(&binary);
  return result;
}

}  // namespace skerry::engine
