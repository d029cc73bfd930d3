// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/code_executor.h"

#include <utility>

#include "skerry/tool/modules/module_call.h"
#include "skerry/tool/run_result.h"

namespace skerry::tool {
namespace {

Definition code_executor_definition(const sandbox::Limits& limits) {
  Definition definition{
      .name = "code_executor",
      .version = "2.0.0",
      .description =
          "Runs a WebAssembly module (a WASI preview 1 command) in a sandbox without network or "
          "files of the host. Output is what it writes to standard output.",
      .category = "code",
      .parameters = {{.name = "wasm_base64",
                      .description = "The module in base64; comes before the other two"},
                     {.name = "wasm_path",
                      .description = "A file with the module, in a directory that the service "
                                     "allows; comes before wat"},
                     {.name = "wat", .description = "The module in text form"},
                     {.name = "stdin", .description = "Standard input, whole", .default_value = ""},
                     {.name = "argv",
                      .type = Parameter::Type::kArray,
                      .description =
                          "Its arguments, all of them: the first is by custom its name"}},
      .tags = {"wasm", "wasi", "code"},
      .timeout = std::chrono::seconds(60),
      .memory_mb = static_cast<int>(limits.memory.value >> 20),
      .cost_usd = 0.001,
      .examples = {{{"wat", "(module (func (export \"_start\")))"}}}};
  for (Parameter& each : limit_parameters(limits)) definition.parameters.push_back(std::move(each));
  return definition;
}

}  // namespace

CodeExecutor::CodeExecutor(run::Runner& runner, ModuleSource& source, sandbox::Limits limits)
    : runner_(runner),
      source_(source),
      limits_(limits),
      definition_(code_executor_definition(limits)) {}

boost::asio::awaitable<Result<ModuleSource::Module>> CodeExecutor::module_of(Arguments& arguments) {
  if (arguments.has_text("wasm_base64")) {
    return source_.from_base64(arguments.text("wasm_base64"), "wasm_base64");
  }
  if (arguments.has_text("wasm_path")) return source_.from_path(arguments.text("wasm_path"));
  return source_.from_text(arguments.take_text("wat"));
}

boost::asio::awaitable<ToolResult> CodeExecutor::call(Arguments arguments, access::Principal caller,
                                                      OutputCallback on_output) {
  if (!arguments.has_text("wasm_base64") && !arguments.has_text("wasm_path") &&
      !arguments.has_text("wat")) {
    co_return failed(Verdict::kInvalid, "missing 'wasm_base64' or 'wasm_path' parameter");
  }
  ModuleCall call{.module = nullptr,
                  .input = arguments.take_text("stdin"),
                  .limits = limits_of(arguments, limits_)};
  auto words = command_words(arguments, "argv");
  if (!words.ok()) co_return result_of(words.status());
  call.arguments = *std::move(words);
  auto fetching = module_of(arguments);
  auto module = co_await std::move(fetching);
  if (!module.ok()) co_return result_of(module.status());
  call.module = *std::move(module);
  auto running = run_module(runner_, std::move(call), std::move(caller), std::move(on_output),
                            "WASI execution error: ");
  co_return co_await std::move(running);
}

}  // namespace skerry::tool
