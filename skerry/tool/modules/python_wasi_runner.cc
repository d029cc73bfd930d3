// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/python_wasi_runner.h"

#include <utility>

#include "skerry/tool/modules/module_call.h"
#include "skerry/tool/run_result.h"

namespace skerry::tool {
namespace {

constexpr const char* kReadAll = "import sys; exec(sys.stdin.read())";

Definition python_wasi_runner_definition(const sandbox::Limits& limits) {
  Definition definition{
      .name = "python_wasi_runner",
      .version = "2.0.0",
      .description =
          "Runs a program with an interpreter that is a WebAssembly module (a WASI command), such "
          "as a CPython or RustPython build: as python -c \"import sys; exec(sys.stdin.read())\" "
          "with the code as standard input; where stdin is given, too, as python -c CODE; with "
          "argv, as that says.",
      .category = "code",
      .parameters = {{.name = "code", .description = "The program", .default_value = ""},
                     {.name = "interpreter_wasm_path",
                      .description =
                          "A file with the interpreter, in a directory that the service allows"},
                     {.name = "interpreter_wasm_base64",
                      .description = "The interpreter in base64; comes before the path"},
                     {.name = "stdin", .description = "Standard input of the program, whole"},
                     {.name = "argv",
                      .type = Parameter::Type::kArray,
                      .description =
                          "All arguments of the interpreter, its name first; then code is its "
                          "standard input, or stdin where there is no code"}},
      .tags = {"python", "wasm", "wasi", "code"},
      .timeout = std::chrono::seconds(60),
      .memory_mb = static_cast<int>(limits.memory.value >> 20),
      .cost_usd = 0.001,
      .examples = {{{"code", "print(sum(range(100)))"}, {"interpreter_wasm_path", "python.wasm"}}}};
  for (Parameter& each : limit_parameters(limits)) definition.parameters.push_back(std::move(each));
  return definition;
}

Status invalid(const char* why) { return absl::InvalidArgumentError(why); }

/// Words and standard input, as the class says.
Status place(Arguments& arguments, ModuleCall& call) {
  std::string code = arguments.take_text("code");
  const bool has_input = arguments.has_text("stdin");
  SKERRY_ASSIGN(call.arguments, command_words(arguments, "argv"));
  if (!call.arguments.empty()) {
    if (!code.empty() && has_input) {
      return invalid(
          "With 'argv' the standard input is 'code' or 'stdin': give one of them, or no 'argv'");
    }
    call.input = has_input ? arguments.take_text("stdin") : std::move(code);
  } else if (code.empty()) {
    return invalid("No code provided to execute");
  } else if (has_input) {
    if (code.find('\0') != code.npos) return invalid("The code has a NUL character");
    call.arguments = {"python", "-c", std::move(code)};
    call.input = arguments.take_text("stdin");
  } else {
    call.arguments = {"python", "-c", kReadAll};
    call.input = std::move(code);
  }
  return ok_status();
}

}  // namespace

PythonWasiRunner::PythonWasiRunner(run::Runner& runner, ModuleSource& source,
                                   sandbox::Limits limits)
    : runner_(runner),
      source_(source),
      limits_(limits),
      definition_(python_wasi_runner_definition(limits)) {}

boost::asio::awaitable<Result<ModuleSource::Module>> PythonWasiRunner::interpreter_of(
    const Arguments& arguments) {
  if (arguments.has_text("interpreter_wasm_base64")) {
    return source_.from_base64(arguments.text("interpreter_wasm_base64"),
                               "interpreter_wasm_base64");
  }
  if (arguments.has_text("interpreter_wasm_path")) {
    return source_.from_path(arguments.text("interpreter_wasm_path"));
  }
  return source_.interpreter();
}

boost::asio::awaitable<ToolResult> PythonWasiRunner::call(Arguments arguments,
                                                          access::Principal caller,
                                                          OutputCallback on_output) {
  ModuleCall call{.module = nullptr, .limits = limits_of(arguments, limits_)};
  if (const Status placed = place(arguments, call); !placed.ok()) co_return result_of(placed);
  auto fetching = interpreter_of(arguments);
  auto module = co_await std::move(fetching);
  if (!module.ok()) co_return result_of(module.status());
  call.module = *std::move(module);
  auto running = run_module(runner_, std::move(call), std::move(caller), std::move(on_output),
                            "Execution failed: ");
  co_return co_await std::move(running);
}

}  // namespace skerry::tool
