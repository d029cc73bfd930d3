// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/command.h"

#include <utility>

#include "skerry/base/sha256.h"
#include "skerry/wasi/host_files.h"
#include "skerry/wasm/checks.h"
#include "skerry/wasm/code_scan.h"
#include "skerry/wasm/limits.h"
#include "skerry/wasm/reader.h"

namespace skerry::runtime {
namespace {

// Kept native code of strangers' modules.
constexpr ByteSize kMaxKept = mib(1024);

// What the reader admits compiles within these, or is refused: 50 MiB of code would take about a
// minute of two cores.
constexpr engine::CompileBudget kBudget{.memory = mib(6144), .cpu = std::chrono::seconds(180)};
constexpr engine::CompileBudget kTextBudget{.memory = mib(2048), .cpu = std::chrono::seconds(20)};

bool is_text(std::string_view file) {
  const auto first = file.find_first_not_of(" \t\r\n");
  return first != file.npos && (file[first] == '(' || file.substr(first, 2) == ";;");
}

/// What guests may import, as the module reader names types.
std::vector<wasm::HostFunction> offered(const std::vector<engine::HostFunction>& functions) {
  const auto types = [](const std::vector<engine::ValueType>& from) {
    std::vector<wasm::ValueType> to;
    to.reserve(from.size());
    for (const engine::ValueType type : from) {
      to.push_back(type == engine::ValueType::kI64 ? wasm::kI64 : wasm::kI32);
    }
    return to;
  };
  std::vector<wasm::HostFunction> result;
  for (const engine::HostFunction& function : functions) {
    if (function.module != wasi::kModuleName) continue;  // `host.call` is for bundled runtimes
    result.push_back(
        {.module = function.module,
         .name = function.name,
         .type = {.params = types(function.params), .results = types(function.results)}});
  }
  return result;
}

}  // namespace

Result<Command> check_command(std::string_view file, const sandbox::Limits& limits) {
  wasm::ModuleLimits module_limits;
  module_limits.memory = limits.memory;
  Command command;
  if (is_text(file) && file.size() <= module_limits.module_size.value) {
    const std::string text(file);
    auto binary = engine::run_limited(
        {.budget = kTextBudget, .kept = {}, .watch = {}}, [&]() -> Result<std::string> {
          SKERRY_ASSIGN(const auto bytes, engine::text_to_binary(text));
          return std::string(as_text(bytes));
        });
    if (!binary.ok()) return annotate(binary.status(), "Invalid WASM module text");
    command.bytes = *std::move(binary);
  } else {
    command.bytes = file;
  }
  SKERRY_ASSIGN(const wasm::Module module,
                wasm::read_module(as_bytes(command.bytes), module_limits));
  SKERRY_TRY(wasm::scan_code(module).status());
  SKERRY_TRY(wasm::check_command(module));
  const auto functions = sandbox::host_functions();
  SKERRY_TRY(wasm::check_imports(module, offered(functions)));
  command.sha256 = sha256_hex(as_bytes(command.bytes));
  return command;
}

Result<std::unique_ptr<sandbox::Origin>> prepare_command(
    const Command& command, engine::Metering metering, const engine::NativeCache& cache,
    const engine::NativeCache::Progress& progress) {
  if (!cache.check(command.sha256, metering, SealedFile::Depth::kTimes).ok()) {
    SKERRY_TRY(cache.compile(as_bytes(command.bytes), command.sha256, metering, kBudget, progress));
    cache.prune(kMaxKept);
  }
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(metering));
  SKERRY_ASSIGN(auto code, cache.load(*engine, command.sha256));
  auto origin = std::make_unique<sandbox::Origin>();
  SKERRY_ASSIGN(origin->program, engine::Program::link(std::move(code), sandbox::host_functions()));
  SKERRY_TRY(wasi::make_directory(origin->state.files(), "/tmp"));
  return origin;
}

Result<sandbox::Outcome> run_command(sandbox::Sandbox& sandbox) {
  sandbox::Outcome outcome;
  engine::CallEnd end = sandbox.start_end();
  if (end.kind == engine::CallEnd::Kind::kReturned) {
    SKERRY_ASSIGN(end, sandbox.call("_start", {}));
  }
  sandbox.explain_end(end, outcome);
  return outcome;
}

}  // namespace skerry::runtime
