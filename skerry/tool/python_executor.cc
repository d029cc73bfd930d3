// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/python_executor.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/tool/run_output.h"
#include "skerry/tool/run_report.h"
#include "skerry/tool/run_result.h"

namespace skerry::tool {
namespace {

constexpr int kMaxTimeout = 60;
// Whole before the run begins, and copied to the worker.
constexpr std::size_t kMaxProgram = std::size_t{32} << 20;

// Bytes of values in an answer: with them as base64 it stays below the 4 MiB that clients of gRPC
// take unless they are told otherwise.
constexpr std::size_t kMaxValues = std::size_t{2} << 20;

/// Leaves out what values have beside their text, from the first on that does not fit.
void fit_values(std::vector<sandbox::Display>& displays) {
  using Part = sandbox::Display::Part;
  std::size_t left = kMaxValues;
  for (sandbox::Display& display : displays) {
    if (display.size() <= left) {
      left -= display.size();
      continue;
    }
    left = 0;
    std::string note;
    for (const Part& part : display.parts) {
      if (part.type == "text/plain") note.insert(0, std::string(clip(part.content, 1000)) + "\n");
      note += fmt::format("[{} bytes of {} are left out: an answer holds {} bytes of values]\n",
                          part.content.size(), part.type, kMaxValues);
    }
    display = sandbox::text_display(std::move(note), display.is_result);
  }
}

Definition python_executor_definition(const sandbox::Limits& limits) {
  const auto seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.wall).count(), 1, kMaxTimeout);
  return {
      .name = PythonExecutor::kName,
      .version = "2.0.0",
      .description =
          "Runs Python 3 in a sandbox without network or files of the host. Print what you want to "
          "see. numpy, pandas, matplotlib, scipy, scikit-learn, sympy and sqlite3 are there. With "
          "a "
          "session_id variables, imports and files stay for the next call.",
      .category = "code",
      .parameters =
          {{.name = "code", .description = "The program", .is_required = true},
           {.name = "session_id",
            .description = "Goes on where this session's last run ended, and keeps what this one "
                           "leaves; letters, digits, and - _ . : up to 128 characters"},
           {.name = "timeout_seconds",
            .type = Parameter::Type::kInteger,
            .description = "Seconds until the run is ended; more than 60 count as 60",
            .default_value = seconds,
            .minimum = 1,
            .maximum = kMaxTimeout,
            .is_capped = true},
           {.name = "stdin", .description = "Standard input, whole", .default_value = ""}},
      .tags = {"python", "code", "numpy", "pandas"},
      .timeout = std::chrono::seconds(kMaxTimeout),
      .memory_mb = static_cast<int>(limits.memory.value >> 20),
      .cost_usd = 0.001,
      .examples = {{{"code", "print(sum(range(100)))"}}}};
}

}  // namespace

PythonExecutor::PythonExecutor(run::Runner& runner, sandbox::Limits limits, Options options)
    : runner_(runner),
      limits_(limits),
      definition_(python_executor_definition(limits)),
      interpreter_(std::move(options.interpreter)) {
  definition_.calls_per_minute = options.calls_per_minute;
}

boost::asio::awaitable<ToolResult> PythonExecutor::call(Arguments arguments,
                                                        access::Principal caller,
                                                        OutputCallback on_output) {
  if (arguments.text("code").empty()) {
    co_return failed(Verdict::kInvalid, "No code provided to execute");
  }
  for (const char* name : {"code", "stdin"}) {
    if (arguments.text(name).size() <= kMaxProgram) continue;
    co_return failed(Verdict::kInvalid,
                     fmt::format("Parameter '{}' is longer than {} bytes", name, kMaxProgram));
  }
  run::Request order;
  order.principal = caller;
  const std::string session = arguments.has("session_id") ? arguments.text("session_id") : "";
  if (!session.empty() || !caller.session.empty()) {
    auto name = store::SessionName::parse(session.empty() ? caller.session : session);
    if (!name.ok()) co_return failed(Verdict::kInvalid, std::string(message_of(name.status())));
    order.session = *std::move(name);
  }
  order.request.program.code = arguments.take_text("code");
  order.request.program.last_value = runtime::Program::LastValue::kReturned;
  order.request.program.shows = runtime::Program::Shows::kAll;
  order.request.input = arguments.take_text("stdin");
  order.request.limits = limits_;
  order.request.limits.words = sandbox::LimitWords::kToolParameters;
  order.request.limits.wall = std::chrono::seconds(arguments.integer("timeout_seconds"));
  OutputOptions output;
  output.on_output = std::move(on_output);
  auto running = reported_run(runner_, std::move(order), std::move(output));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return result_of(report.status());
  fit_values(report->displays);
  ToolResult result = result_of(*std::move(report), "Execution failed: ");
  result.metadata["interpreter"] = interpreter_;
  co_return result;
}

}  // namespace skerry::tool
