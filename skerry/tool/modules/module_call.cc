// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/module_call.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "skerry/tool/run_output.h"
#include "skerry/tool/run_result.h"

namespace skerry::tool {
namespace {

constexpr int kMaxSeconds = 60;
constexpr std::size_t kMaxWords = 10'000;
// Whole before the run begins, and copied to the worker.
constexpr std::size_t kMaxText = std::size_t{32} << 20;
// Integers are told apart up to here where they cross as doubles.
constexpr double kMaxFuel = 9007199254740992.0;  // 2^53

}  // namespace

std::vector<Parameter> limit_parameters(const sandbox::Limits& limits) {
  const auto seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.wall).count(), 1, kMaxSeconds);
  return {{.name = "timeout_seconds",
           .type = Parameter::Type::kInteger,
           .description = "Seconds until the run is ended; more than 60 count as 60",
           .default_value = seconds,
           .minimum = 1,
           .maximum = kMaxSeconds,
           .is_capped = true},
          {.name = "fuel",
           .type = Parameter::Type::kInteger,
           .description = "Instructions, roughly, that the run may execute; not counted unless "
                          "given, and slower where they are",
           .minimum = 1,
           .maximum = kMaxFuel}};
}

sandbox::Limits limits_of(const Arguments& arguments, const sandbox::Limits& limits) {
  sandbox::Limits own = limits;
  own.words = sandbox::LimitWords::kToolParameters;
  own.wall = std::chrono::seconds(arguments.integer("timeout_seconds"));
  if (arguments.has("fuel")) own.fuel = static_cast<std::uint64_t>(arguments.integer("fuel"));
  return own;
}

Result<std::vector<std::string>> command_words(Arguments& arguments, std::string_view name) {
  SKERRY_ASSIGN(auto words, arguments.take_texts(name));
  if (words.size() > kMaxWords) {
    return absl::InvalidArgumentError(
        fmt::format("Parameter '{}' holds more than {} strings", name, kMaxWords));
  }
  for (const std::string& each : words) {
    if (each.find('\0') == each.npos) continue;
    return absl::InvalidArgumentError(
        fmt::format("Parameter '{}' holds a string with a NUL character", name));
  }
  return words;
}

boost::asio::awaitable<ToolResult> run_module(run::Runner& runner, ModuleCall call,
                                              access::Principal caller, OutputCallback on_output,
                                              std::string failure) {
  std::size_t words = 0;
  for (const std::string& each : call.arguments) words += each.size();
  for (const auto& [what, size] :
       {std::pair("Standard input", call.input.size()), std::pair("Arguments", words)}) {
    if (size <= kMaxText) continue;
    co_return failed(Verdict::kInvalid,
                     fmt::format("{} of {} bytes, expected at most {}", what, size, kMaxText));
  }
  run::Request order;
  order.principal = std::move(caller);
  order.isolation = run::Isolation::kProcess;
  order.module = std::move(call.module);
  order.request.command = {.arguments = std::move(call.arguments), .environment = {}};
  order.request.input = std::move(call.input);
  order.request.limits = call.limits;
  OutputOptions output;
  output.on_output = std::move(on_output);
  auto running = reported_run(runner, std::move(order), std::move(output));
  auto report = co_await std::move(running);
  if (!report.ok()) co_return result_of(report.status());
  co_return result_of(*std::move(report), failure);
}

}  // namespace skerry::tool
