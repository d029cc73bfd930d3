// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/sandbox.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>
#include <variant>

#include "skerry/sandbox/template_memory.h"
#include "skerry/wasi/guest_memory.h"
#include "skerry/wasi/host_state_codec.h"

namespace skerry::sandbox {
namespace {

constexpr std::string_view kAlloc = "host_alloc";

ByteSize largest_memory(const LoadedImage& loaded, const Limits& limits) {
  return loaded.image ? largest_linear_memory(limits.memory, template_memory(*loaded.image))
                      : limits.memory;
}

std::uint32_t table_elements(const LoadedImage& loaded, const Limits& limits) {
  return loaded.table_elements.value_or(limits.table_elements);
}

std::vector<engine::ValueType> types_of(std::span<const wasi::ValueType> types) {
  std::vector<engine::ValueType> result;
  for (const wasi::ValueType type : types) {
    result.push_back(type == wasi::ValueType::kI64 ? engine::ValueType::kI64
                                                   : engine::ValueType::kI32);
  }
  return result;
}

/// Of a trap's message where it happened, if that is known.
std::string place_in(const std::string& message) {
  const auto at = message.find(" in function \"");
  return at == std::string::npos ? std::string() : message.substr(at);
}

}  // namespace

/// While one is there, the guest or the host's answer to it writes in memory.
class Sandbox::Visit {
 public:
  explicit Visit(Sandbox& sandbox) : sandbox_(sandbox) {
    if (sandbox_.visits_++ == 0) sandbox_.memory_->resume_fault_accounting();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    if (--sandbox_.visits_ == 0) sandbox_.memory_->pause_fault_accounting();
  }

 private:
  Sandbox& sandbox_;
};

/// The functions that guests call, as the engine wants them.
struct SandboxCalls {
  static engine::HostAnswer wasi_call(void* host, std::span<std::byte> memory,
                                      std::span<std::uint64_t> values, const void* self) {
    auto* sandbox = static_cast<Sandbox*>(host);
    const auto* call = static_cast<const wasi::Call*>(self);
    const wasi::CallResult result =
        call->function(*sandbox->context_, wasi::GuestMemory(memory), values);
    if (const auto* exit = std::get_if<wasi::Exit>(&result)) {
      sandbox->exited_ = *exit;
      return engine::HostAnswer::kEnd;
    }
    if (!values.empty()) values[0] = static_cast<std::uint64_t>(std::get<wasi::Errno>(result));
    return engine::HostAnswer::kContinue;
  }

  /// host.call(frame, length, answer pointer's address, answer length's address) -> 0, -1 no host,
  /// -2 fault.
  static engine::HostAnswer door_call(void* host, std::span<std::byte> memory,
                                      std::span<std::uint64_t> values, const void*) {
    auto* sandbox = static_cast<Sandbox*>(host);
    const auto fail = [&](std::int32_t code) {
      values[0] = static_cast<std::uint32_t>(code);
      return engine::HostAnswer::kContinue;
    };
    const std::array<std::uint64_t, 4> arguments{values[0], values[1], values[2], values[3]};
    const auto inside = [](std::size_t size, std::uint64_t at, std::uint64_t length) {
      return at <= size && length <= size - at;
    };
    if (!inside(memory.size(), arguments[0], arguments[1]) ||
        arguments[1] > HostCallHandler::kMaxFrame || !inside(memory.size(), arguments[2], 4) ||
        !inside(memory.size(), arguments[3], 4)) {
      return fail(-2);
    }
    const RunEnvironment* environment = sandbox->environment_;
    if (environment == nullptr || environment->call_handler == nullptr) return fail(-1);
    // Copied out: answering may call back into the guest, which may change it.
    const std::string frame(as_text(memory.subspan(arguments[0], arguments[1])));
    auto answer = environment->call_handler->answer(frame);
    if (!answer.ok() || answer->size() > HostCallHandler::kMaxFrame) return fail(-1);
    const auto address = sandbox->place(*answer);
    // A guest that trapped or ended inside its allocator must not go on.
    if (sandbox->unsound_) return engine::HostAnswer::kEnd;
    if (!address.ok()) return fail(-2);
    const auto now = sandbox->memory();  // placing may have grown it
    const auto length = static_cast<std::uint32_t>(answer->size());
    std::memcpy(now.data() + arguments[2], &*address, 4);
    std::memcpy(now.data() + arguments[3], &length, 4);
    return fail(0);
  }
};

std::vector<engine::HostFunction> host_functions() {
  std::vector<engine::HostFunction> functions;
  for (const wasi::Call& call : wasi::calls()) {
    engine::HostFunction function;
    function.module = wasi::kModuleName;
    function.name = call.name;
    function.params = types_of(call.parameters);
    if (call.has_result) function.results = {engine::ValueType::kI32};
    function.call = SandboxCalls::wasi_call;
    function.self = &call;
    functions.push_back(std::move(function));
  }
  functions.push_back({.module = "host",
                       .name = "call",
                       .params = std::vector(4, engine::ValueType::kI32),
                       .results = {engine::ValueType::kI32},
                       .call = SandboxCalls::door_call,
                       .self = nullptr});
  return functions;
}

wasi::Quotas quotas_under(const Limits& limits, wasi::Quotas quotas) {
  quotas.file_bytes = quotas.file_size = quotas.total_size = limits.files;
  quotas.descriptors = limits.open_files;
  return quotas;
}

Sandbox::Sandbox(const LoadedImage& loaded, const Limits& limits)
    : loaded_(&loaded), limits_(limits) {
  start_as(loaded);
}

void Sandbox::start_as(const LoadedImage& loaded) {
  loaded_ = &loaded;
  set_pristine(loaded.state);
  if (loaded.image) globals_ = loaded.image->manifest.globals;
}

void Sandbox::set_pristine(const wasi::HostState& state) {
  pristine_ = state;
  wasi::Quotas quotas = quotas_under(limits_, pristine_.files().quotas());
  // What the template brings is not the guest's.
  if (loaded_->template_state) {
    quotas.total_size.value += loaded_->template_state->files().used_size();
  }
  pristine_.files().set_quotas(quotas);
  state_ = pristine_;
}

void Sandbox::replace_state(const wasi::HostState& state) { set_pristine(state); }

Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::load(const LoadedImage& loaded, const Limits& limits,
                                               const RunEnvironment* environment) {
  SKERRY_TRY(limits.check());
  auto sandbox = std::unique_ptr<Sandbox>(new Sandbox(loaded, limits));
  if (loaded.image) {
    const ByteSize largest = largest_memory(loaded, limits);
    if (loaded.image->pages->size() > largest.value) {
      const std::size_t added = loaded.image->pages->size() - template_memory(*loaded.image).value;
      return absl::InvalidArgumentError(
          "memory limit is " + std::to_string(limits.memory.value >> 20) +
          " MiB, but the run starts from " + std::to_string((added + (1 << 20) - 1) >> 20) +
          " MiB that its session has added to the template \"" +
          loaded.image->manifest.template_name + "\": raise it with " +
          std::string(kMemoryLimit.option(limits.words)));
    }
    SKERRY_ASSIGN(sandbox->memory_, image::LinearMemory::on_image(loaded.image->pages, largest));
  } else {
    SKERRY_ASSIGN(sandbox->memory_, image::LinearMemory::zeroed(limits.memory));
  }
  if (environment != nullptr) sandbox->attach(*environment);
  SKERRY_TRY(sandbox->instantiate());
  return sandbox;
}

Status Sandbox::instantiate() {
  alloc_.reset();
  instance_.reset();
  engine::InstanceLimits limits;
  limits.table_elements = table_elements(*loaded_, limits_);
  limits.fuel = limits_.fuel.value_or(0);
  SKERRY_ASSIGN(instance_, engine::Instance::create(loaded_->program, *memory_, this, limits));
  unsound_ = false;
  return set_globals();
}

Status Sandbox::set_globals() {
  for (const image::Global& global : globals_) {
    SKERRY_TRY(instance_->set_global(global.name, global.bits));
  }
  return ok_status();
}

Result<image::LinearMemory::ResetCost> Sandbox::reset() {
  const bool replace = unsound_ || memory_->has_grown() || !loaded_->image;
  if (replace) instance_.reset();
  SKERRY_ASSIGN(const auto cost, memory_->reset());
  state_ = pristine_;
  exited_.reset();
  SKERRY_TRY(replace ? instantiate() : set_globals());
  return cost;
}

Status Sandbox::switch_image(const LoadedImage& loaded, const Limits& limits) {
  if (!loaded.image || loaded.program != loaded_->program ||
      !memory_->may_rebase(*loaded.image->pages, largest_memory(loaded, limits))) {
    return absl::FailedPreconditionError("a sandbox cannot change to this image");
  }
  // Of the limits the instance knows only that of its tables: memory has its own, `attach` sets
  // fuel.
  const bool replace = unsound_ || memory_->has_grown() ||
                       table_elements(loaded, limits) != table_elements(*loaded_, limits_);
  if (replace) instance_.reset();
  SKERRY_TRY(memory_->switch_image(loaded.image->pages, largest_memory(loaded, limits)));
  limits_ = limits;
  start_as(loaded);
  exited_.reset();
  if (replace) return instantiate();
  SKERRY_TRY(instance_->refresh_memory_size());
  return set_globals();
}

void Sandbox::attach(const RunEnvironment& environment) {
  environment_ = &environment;
  exited_.reset();
  if (environment.fixed_clock) {
    clock_ = std::make_unique<wasi::FixedClock>(state_.clock,
                                                wasi::Nanoseconds(*environment.fixed_clock));
  } else {
    clock_ = std::make_unique<wasi::SystemClock>(
        state_.clock,
        wasi::Nanoseconds(std::max<std::int64_t>(1, environment.clock_resolution.count())));
  }
  if (environment.seed) {
    state_.random.seed = wasi::seed_of(*environment.seed);
    state_.random.position = 0;
    entropy_ = std::make_unique<wasi::SeededEntropy>(state_.random);
  } else {
    entropy_ = std::make_unique<wasi::SystemEntropy>();
  }
  if (limits_.fuel && instance_)
    (void)instance_->set_fuel(*limits_.fuel);  // metered: instantiating it took the same
  context_.emplace(wasi::Context{state_, environment.process, *clock_, *entropy_,
                                 *environment.output, *environment.input});
}

Result<engine::CallEnd> Sandbox::call(std::string_view function,
                                      std::span<const std::uint64_t> arguments) {
  if (unsound_)
    return absl::FailedPreconditionError("the guest's last call did not return: reset it");
  const Visit visit(*this);
  auto end = instance_->call(function, arguments);
  if (!end.ok() || end->kind != engine::CallEnd::Kind::kReturned) unsound_ = true;
  return end;
}

Result<engine::CallEnd> Sandbox::call_aside(std::string_view function,
                                            std::span<const std::uint64_t> arguments) {
  const std::uint64_t fuel = limits_.fuel ? instance_->fuel() : 0;
  if (limits_.fuel) SKERRY_TRY(instance_->set_fuel(std::numeric_limits<std::int64_t>::max()));
  memory_->fix_size(true);
  auto end = call(function, arguments);
  memory_->fix_size(false);
  if (limits_.fuel) SKERRY_TRY(instance_->set_fuel(fuel));
  return end;
}

const std::map<std::string, std::string>& Sandbox::facts() const {
  static const std::map<std::string, std::string> kNone;
  return loaded_->image ? loaded_->image->manifest.facts : kNone;
}

void Sandbox::measure(Usage& usage) {
  const std::size_t template_size = loaded_->image ? template_memory(*loaded_->image).value : 0;
  usage.peak_memory = bytes(memory_->peak() - std::min(memory_->peak(), template_size));
  if (limits_.fuel) usage.fuel = *limits_.fuel - std::min(*limits_.fuel, instance_->fuel());
  const auto runs = memory_->dirty();
  if (!runs.ok()) return;  // without an image there is nothing to differ from
  usage.dirty_pages = image::count_of(*runs);
}

void Sandbox::explain_end(const engine::CallEnd& end, Outcome& outcome) const {
  const auto hit = [&](const LimitName& name, double value) {
    outcome.limit = LimitHit::of(name, value, limits_.words);
  };
  switch (end.kind) {
    case engine::CallEnd::Kind::kReturned:
      return;
    case engine::CallEnd::Kind::kHostEnded:
      if (!exited_) {  // its allocator trapped under `place`, and so its frames are lost
        outcome.kind = OutcomeKind::kTrapped;
        outcome.message = "trapped while the host placed an answer";
        break;
      }
      outcome.exit_code = static_cast<int>(exited_ ? exited_->code & 0xFF : 0);
      outcome.kind = outcome.exit_code == 0 ? OutcomeKind::kCompleted : OutcomeKind::kFailed;
      if (outcome.exit_code != 0)
        outcome.message = "exit code " + std::to_string(outcome.exit_code);
      return;
    case engine::CallEnd::Kind::kOutOfFuel:
      outcome.kind = OutcomeKind::kOutOfFuel;
      hit(kFuelLimit, static_cast<double>(limits_.fuel.value_or(0)));
      outcome.message = "used up its " + std::to_string(limits_.fuel.value_or(0)) +
                        " units of fuel; raise them with " +
                        std::string(kFuelLimit.option(limits_.words));
      break;
    case engine::CallEnd::Kind::kHeapFull:
    case engine::CallEnd::Kind::kStackExhausted:
    case engine::CallEnd::Kind::kTrapped:
    case engine::CallEnd::Kind::kUnreachable:
      // A guest that gives up and was refused memory when it last asked died of that; so did one
      // whose stack a deep structure filled, which it had no memory left to take apart otherwise.
      if (end.kind == engine::CallEnd::Kind::kHeapFull ||
          (end.kind != engine::CallEnd::Kind::kTrapped && memory_->last_growth_was_refused())) {
        outcome.kind = OutcomeKind::kOutOfMemory;
        hit(kMemoryLimit, static_cast<double>(limits_.memory.value));
        outcome.message = "needed more than its " + std::to_string(limits_.memory.value >> 20) +
                          " MiB of memory; raise them with " +
                          std::string(kMemoryLimit.option(limits_.words));
        break;
      }
      outcome.kind = OutcomeKind::kTrapped;
      outcome.message = end.kind == engine::CallEnd::Kind::kStackExhausted
                            ? "the stack of " + std::to_string(engine::Engine::kGuestStack >> 20) +
                                  " MiB is exhausted" + place_in(end.message)
                            : end.message;
      break;
  }
  outcome.exit_code = exit_code_of(outcome.kind);
}

Result<std::uint32_t> Sandbox::place(std::string_view bytes) {
  if (!alloc_) {
    SKERRY_ASSIGN(alloc_, instance_->function(kAlloc));
  }
  const std::uint64_t length = bytes.size();
  const Visit visit(*this);
  const engine::CallEnd end = instance_->unsafe_call(*alloc_, {&length, 1});
  if (end.kind != engine::CallEnd::Kind::kReturned) {
    unsound_ = true;
    return absl::ResourceExhaustedError("the guest could not make room for " +
                                        std::to_string(bytes.size()) + " bytes");
  }
  const auto address = static_cast<std::uint32_t>(end.value);
  const auto memory = instance_->memory();
  if (address == 0 || address > memory.size() || bytes.size() > memory.size() - address) {
    return absl::ResourceExhaustedError("the guest could not make room for " +
                                        std::to_string(bytes.size()) + " bytes");
  }
  std::memcpy(memory.data() + address, bytes.data(), bytes.size());
  return address;
}

Status Sandbox::capture(const std::filesystem::path& path, const image::Manifest& about) {
  if (unsound_)
    return absl::FailedPreconditionError("a guest whose last call did not return is no image");
  image::Manifest manifest = about;
  for (image::Global& global : manifest.globals) {
    SKERRY_ASSIGN(global.bits, instance_->global(global.name));
  }
  SKERRY_ASSIGN(manifest.host_state, wasi::encode(state_));
  return image::write_image(path, manifest, instance_->memory());
}

Result<image::CapturedState> Sandbox::captured() {
  if (unsound_ || !loaded_->image)
    return absl::FailedPreconditionError("a guest whose last call did not return is no image");
  image::CapturedState captured;
  captured.memory_size = instance_->memory().size();
  SKERRY_ASSIGN(const auto changed, memory_->changed());
  auto difference = memory_->difference(changed);
  captured.changed = std::move(difference.whole);
  captured.edits = std::move(difference.edits);
  captured.globals = globals_;
  for (image::Global& global : captured.globals) {
    SKERRY_ASSIGN(global.bits, instance_->global(global.name));
  }
  const auto& base = loaded_->template_state;
  SKERRY_ASSIGN(captured.host_state, wasi::encode(state_, base ? &*base : nullptr));
  return captured;
}

bool Sandbox::may_settle(const image::CapturedState& state) const {
  return !unsound_ && memory_->may_settle(state.all_changed());
}

Status Sandbox::set_baseline(const image::CapturedState& state) {
  SKERRY_TRY(memory_->set_baseline(state.all_changed()));
  globals_ = state.globals;
  pristine_ = state_;
  return ok_status();
}

}  // namespace skerry::sandbox
