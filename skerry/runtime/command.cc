// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/command.h"

#include <utility>

#include "skerry/base/sha256.h"
#include "skerry/wasi/files/host_files.h"
#include "skerry/wasm/command.h"
#include "skerry/wasm/preamble.h"

namespace skerry::runtime {
namespace {

// Kept native code of strangers' modules.
constexpr ByteSize kMaxKept = mib(1024);

// To read a module, from text if it is that. The text may hold one that is half as large.
constexpr engine::CompileBudget kReadBudget{.memory = mib(2048), .cpu = std::chrono::seconds(20)};

bool is_text(std::string_view file) {
  const auto first = file.find_first_not_of(" \t\r\n");
  return first != file.npos && (file[first] == '(' || file.substr(first, 2) == ";;");
}

/// What guests may import, with types as in the text format.
std::vector<wasm::HostFunction> offered(const std::vector<engine::HostFunction>& functions) {
  const auto list = [](const std::vector<engine::ValueType>& types) {
    std::string text = "(";
    for (const engine::ValueType type : types) {
      if (text.size() > 1) text += ' ';
      text += type == engine::ValueType::kI64 ? "i64" : "i32";
    }
    return text + ")";
  };
  std::vector<wasm::HostFunction> result;
  for (const engine::HostFunction& function : functions) {
    if (function.module != wasi::kModuleName) continue;  // `host.call` is for bundled runtimes
    result.push_back({.module = function.module,
                      .name = function.name,
                      .type = list(function.params) + " -> " + list(function.results)});
  }
  return result;
}

}  // namespace

wasm::ModuleLimits module_limits(const sandbox::Limits& limits) {
  wasm::ModuleLimits result;
  result.memory = result.memory_maximum = limits.memory;
  result.table_elements = limits.table_elements;
  return result;
}

Result<Command> check_command(std::string_view file, const wasm::ModuleLimits& limits, int group) {
  SKERRY_TRY(wasm::check_size(as_bytes(file), limits));
  // Answers with the binary form of a text, and with nothing for what is binary already.
  const auto check = [&]() -> Result<std::string> {
    std::string binary;
    if (is_text(file)) {
      auto bytes = engine::text_to_binary(file);
      if (!bytes.ok()) return annotate(bytes.status(), "Invalid WASM module text");
      binary = as_text(*bytes);
    }
    const auto functions = sandbox::host_functions();
    SKERRY_TRY(
        wasm::check_command(as_bytes(binary.empty() ? file : binary), limits, offered(functions)));
    return binary;
  };
  jail::Limited how{.budget = kReadBudget,
                    .kept = {},
                    .watch = {},
                    .task = "reading the module",
                    .threads = jail::Limited::Threads::kOne};
  how.budget.group = group;
  SKERRY_ASSIGN(std::string binary, jail::run_limited(how, check));
  Command command{.bytes = binary.empty() ? std::string(file) : std::move(binary), .sha256 = {}};
  command.sha256 = sha256_hex(as_bytes(command.bytes));
  return command;
}

Result<std::unique_ptr<sandbox::LoadedImage>> image_of_command(
    std::shared_ptr<const engine::CompiledModule> code) {
  auto loaded = std::make_unique<sandbox::LoadedImage>();
  SKERRY_ASSIGN(loaded->program, engine::Program::link(std::move(code), sandbox::host_functions()));
  SKERRY_TRY(wasi::make_directory(loaded->state.files(), "/tmp"));
  return loaded;
}

Result<std::unique_ptr<sandbox::LoadedImage>> prepare_command(
    const Command& command, engine::Metering metering, const engine::NativeCache& cache,
    const engine::CompileBudget& budget, const engine::NativeCache::Progress& progress) {
  if (!cache.check(command.sha256, metering, SealedFile::Depth::kTimes).ok()) {
    SKERRY_TRY(cache.compile(as_bytes(command.bytes), command.sha256, metering, budget, progress));
    cache.prune(kMaxKept);
  }
  SKERRY_ASSIGN(const auto engine, engine::Engine::create(metering));
  SKERRY_ASSIGN(auto code, cache.load(*engine, command.sha256));
  return image_of_command(std::move(code));
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
