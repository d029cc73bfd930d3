// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/calculator.h"

#include <cmath>
#include <muParser.h>
#include <numbers>
#include <utility>

namespace skerry::tool {
namespace {

// Of an expression: it is evaluated on the event loop, in some microseconds for each character.
constexpr std::size_t kLongest = 1000;
constexpr double kLargestInteger = 9007199254740992.0;  // 2^53

/// Throws mu::ParserError.
double value_of(std::string expression) {
  // As in Python; the library writes powers with one sign.
  for (auto at = expression.find("**"); at != expression.npos; at = expression.find("**", at)) {
    expression.replace(at, 2, "^");
  }
  mu::Parser parser;
  parser.DefineConst("pi", std::numbers::pi);
  parser.DefineConst("e", std::numbers::e);
  parser.DefineOprt("%", [](double a, double b) { return std::fmod(a, b); }, mu::prMUL_DIV);
  parser.SetExpr(expression);
  return parser.Eval();
}

nlohmann::json number(double value) {
  if (std::trunc(value) == value && std::abs(value) < kLargestInteger) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

ToolResult calculate(const std::string& expression) {
  if (expression.size() > kLongest) {
    return failed(Verdict::kFailed, "Expression is longer than 1000 characters");
  }
  try {
    const double value = value_of(expression);
    if (!std::isfinite(value)) {
      return failed(Verdict::kFailed, "Result is not a finite number (division by zero?)");
    }
    return {.output = {{"result", number(value)}, {"expression", expression}}};
  } catch (const mu::ParserError& error) {
    return failed(Verdict::kFailed, "Invalid expression: " + error.GetMsg());
  }
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
                                                    OutputSeen) {
  co_return calculate(arguments.text("expression"));
}

}  // namespace skerry::tool
