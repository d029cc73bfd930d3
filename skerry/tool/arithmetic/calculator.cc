// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/arithmetic/calculator.h"

#include <cmath>
#include <utility>

#include "skerry/tool/arithmetic/expression.h"

namespace skerry::tool {
namespace {

// Of an expression: it is evaluated on the event loop, in less than a microsecond for each
// character.
constexpr std::size_t kMaxLength = 1000;
constexpr double kMaxPlainInteger = 9007199254740992.0;  // 2^53

nlohmann::json number(double value) {
  if (std::trunc(value) == value && std::abs(value) < kMaxPlainInteger) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

ToolResult calculate(const std::string& expression) {
  if (expression.size() > kMaxLength) {
    return failed(Verdict::kFailed, "Expression is longer than 1000 characters");
  }
  const auto value = evaluate(expression);
  if (!value.ok()) {
    return failed(Verdict::kFailed,
                  "Invalid expression: " + std::string(message_of(value.status())));
  }
  if (!std::isfinite(*value)) {
    return failed(Verdict::kFailed, "Result is not a finite number (division by zero?)");
  }
  return {.output = {{"result", number(*value)}, {"expression", expression}}};
}

}  // namespace

const Definition& Calculator::definition() const {
  static const Definition kDefinition{
      .name = "calculator",
      .version = "1.0.0",
      .description =
          "Evaluates an arithmetic expression: + - * / ^ %, parentheses, pi, e, and functions such "
          "as sqrt, sin, log10, exp, min, max",
      .category = "calculation",
      .parameters = {{.name = "expression",
                      .description = "What to compute, for example 2 * (3 + 4)",
                      .is_required = true}},
      .tags = {"math", "arithmetic"},
      .timeout = std::chrono::seconds(1),
      .examples = {{{"expression", "2 + 2"}}}};
  return kDefinition;
}

boost::asio::awaitable<ToolResult> Calculator::call(Arguments arguments, access::Principal,
                                                    OutputCallback) {
  co_return calculate(arguments.text("expression"));
}

}  // namespace skerry::tool
