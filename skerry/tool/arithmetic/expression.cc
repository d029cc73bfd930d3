// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/arithmetic/expression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <string>

#include <fmt/format.h>

namespace skerry::tool {
namespace {

// How tight operators bind, from the loosest. Signs bind as powers do on their right.
enum Precedence : int { kCondition = 1, kOr, kAnd, kComparison, kSum, kProduct, kPower };

struct Operator {
  std::string_view text;
  Precedence precedence;
  double (*apply)(double, double);
};

double truth(bool value) { return value ? 1 : 0; }

// Longer ones first: "<=" is not "<".
constexpr std::array kOperators{
    Operator{"**", kPower, [](double a, double b) { return std::pow(a, b); }},
    Operator{"||", kOr, [](double a, double b) { return truth(a != 0 || b != 0); }},
    Operator{"&&", kAnd, [](double a, double b) { return truth(a != 0 && b != 0); }},
    Operator{"==", kComparison, [](double a, double b) { return truth(a == b); }},
    Operator{"!=", kComparison, [](double a, double b) { return truth(a != b); }},
    Operator{"<=", kComparison, [](double a, double b) { return truth(a <= b); }},
    Operator{">=", kComparison, [](double a, double b) { return truth(a >= b); }},
    Operator{"<", kComparison, [](double a, double b) { return truth(a < b); }},
    Operator{">", kComparison, [](double a, double b) { return truth(a > b); }},
    Operator{"+", kSum, [](double a, double b) { return a + b; }},
    Operator{"-", kSum, [](double a, double b) { return a - b; }},
    Operator{"*", kProduct, [](double a, double b) { return a * b; }},
    Operator{"/", kProduct, [](double a, double b) { return a / b; }},
    Operator{"%", kProduct, [](double a, double b) { return std::fmod(a, b); }},
    Operator{"^", kPower, [](double a, double b) { return std::pow(a, b); }},
    Operator{"?", kCondition, nullptr}};

struct Constant {
  std::string_view name;
  double value;
};
constexpr std::array kConstants{Constant{"pi", std::numbers::pi}, Constant{"_pi", std::numbers::pi},
                                Constant{"e", std::numbers::e}, Constant{"_e", std::numbers::e}};

struct Function {
  std::string_view name;
  double (*apply)(double);
};
constexpr std::array kFunctions{
    Function{"sin", [](double x) { return std::sin(x); }},
    Function{"cos", [](double x) { return std::cos(x); }},
    Function{"tan", [](double x) { return std::tan(x); }},
    Function{"asin", [](double x) { return std::asin(x); }},
    Function{"acos", [](double x) { return std::acos(x); }},
    Function{"atan", [](double x) { return std::atan(x); }},
    Function{"sinh", [](double x) { return std::sinh(x); }},
    Function{"cosh", [](double x) { return std::cosh(x); }},
    Function{"tanh", [](double x) { return std::tanh(x); }},
    Function{"asinh", [](double x) { return std::asinh(x); }},
    Function{"acosh", [](double x) { return std::acosh(x); }},
    Function{"atanh", [](double x) { return std::atanh(x); }},
    Function{"log2", [](double x) { return std::log2(x); }},
    Function{"log10", [](double x) { return std::log10(x); }},
    Function{"log", [](double x) { return std::log(x); }},
    Function{"ln", [](double x) { return std::log(x); }},
    Function{"exp", [](double x) { return std::exp(x); }},
    Function{"sqrt", [](double x) { return std::sqrt(x); }},
    Function{"sign", [](double x) { return truth(x > 0) - truth(x < 0); }},
    Function{"rint", [](double x) { return std::floor(x + 0.5); }},
    Function{"abs", [](double x) { return std::abs(x); }}};

/// Of one number or more, taken from the left.
struct Reduction {
  std::string_view name;
  double (*apply)(double, double);
};
constexpr std::array kReductions{
    Reduction{"min", [](double a, double b) { return std::min(a, b); }},
    Reduction{"max", [](double a, double b) { return std::max(a, b); }},
    Reduction{"sum", [](double a, double b) { return a + b; }},
    Reduction{"avg", [](double a, double b) { return a + b; }},
    Reduction{"atan2", [](double a, double b) { return std::atan2(a, b); }}};

template <typename Table>
auto find(const Table& table, std::string_view name) -> const typename Table::value_type* {
  const auto* const found =
      std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.name == name; });
  return found == table.end() ? nullptr : found;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Parses and evaluates at once: nothing is read twice.
class Evaluation {
 public:
  explicit Evaluation(std::string_view text) : text_(text) {}

  Result<double> run() {
    SKERRY_ASSIGN(const double value, operation(kCondition));
    skip_space();
    if (at_ < text_.size()) return unexpected();
    return value;
  }

 private:
  Status failure(std::string_view what, std::size_t at) const {
    return absl::InvalidArgumentError(fmt::format("{} at position {}", what, at + 1));
  }

  /// What stands here has no place here.
  Status unexpected() const {
    if (at_ >= text_.size()) return absl::InvalidArgumentError("unexpected end");
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    return failure(c >= ' ' && c < 127 ? fmt::format("unexpected \"{}\"", text_[at_])
                                       : std::string("unexpected character"),
                   at_);
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) {
      ++at_;
    }
  }

  /// Whether `c` is next; then it is behind us.
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view take_while(bool (*belongs)(char)) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  const Operator* peek_operator() {
    skip_space();
    const auto* const found = std::find_if(
        kOperators.begin(), kOperators.end(),
        [&](const Operator& each) { return text_.substr(at_).starts_with(each.text); });
    return found == kOperators.end() ? nullptr : found;
  }

  /// Operators that bind at least as tight as `lowest`, with what they join.
  Result<double> operation(Precedence lowest) {
    if (depth_ >= kMaxExpressionDepth) return failure("nested too deeply", at_);
    ++depth_;
    SKERRY_ASSIGN(double left, operand());
    for (const Operator* op = peek_operator(); op != nullptr && op->precedence >= lowest;
         op = peek_operator()) {
      at_ += op->text.size();
      if (op->apply == nullptr) {
        SKERRY_ASSIGN(left, condition(left));
        continue;
      }
      // Powers join from the right.
      const int next = op->precedence == kPower ? kPower : op->precedence + 1;
      SKERRY_ASSIGN(const double right, operation(static_cast<Precedence>(next)));
      left = op->apply(left, right);
    }
    --depth_;
    return left;
  }

  /// Behind the question mark.
  Result<double> condition(double chosen) {
    SKERRY_ASSIGN(const double yes, operation(kCondition));
    if (!take(':')) return failure("missing \":\"", at_);
    SKERRY_ASSIGN(const double no, operation(kCondition));
    return chosen != 0 ? yes : no;
  }

  Result<double> operand() {
    bool has_sign = false;
    bool is_negative = false;
    for (skip_space(); at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+');
         skip_space()) {
      has_sign = true;
      if (text_[at_++] == '-') is_negative = !is_negative;
    }
    if (has_sign) {
      SKERRY_ASSIGN(const double value, operation(kPower));
      return is_negative ? -value : value;
    }
    if (take('(')) {
      SKERRY_ASSIGN(const double value, operation(kCondition));
      if (!take(')')) return at_ < text_.size() ? unexpected() : failure("missing \")\"", at_);
      return value;
    }
    if (at_ >= text_.size()) return unexpected();
    if (is_digit(text_[at_]) || text_[at_] == '.') return number();
    if (is_letter(text_[at_])) return named();
    return unexpected();
  }

  Result<double> number() {
    const std::size_t begin = at_;
    const bool has_digits = !take_while(is_digit).empty();
    bool has_fraction = false;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      has_fraction = !take_while(is_digit).empty();
    }
    bool is_whole = has_digits || has_fraction;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      is_whole = !take_while(is_digit).empty() && is_whole;
    }
    if (!is_whole) return failure("malformed number", begin);
    const double value =
        std::strtod(std::string(text_.substr(begin, at_ - begin)).c_str(), nullptr);
    if (std::isinf(value)) return failure("number too large", begin);
    return value;
  }

  Result<double> named() {
    const std::size_t begin = at_;
    const std::string_view name = take_while([](char c) { return is_letter(c) || is_digit(c); });
    if (const Constant* constant = find(kConstants, name)) return constant->value;
    if (const Function* function = find(kFunctions, name)) {
      SKERRY_ASSIGN(const Arguments arguments, arguments_of(name, nullptr));
      if (arguments.count != 1) return wrong_count(name, "one", begin);
      return function->apply(arguments.reduced);
    }
    if (const Reduction* reduction = find(kReductions, name)) {
      SKERRY_ASSIGN(const Arguments arguments, arguments_of(name, reduction->apply));
      if (name == "atan2" && arguments.count != 2) return wrong_count(name, "two", begin);
      return name == "avg" ? arguments.reduced / arguments.count : arguments.reduced;
    }
    return failure(fmt::format("unknown name \"{}\"", name), begin);
  }

  Status wrong_count(std::string_view name, std::string_view count, std::size_t at) const {
    return failure(fmt::format("{} takes {} number{}", name, count, count == "one" ? "" : "s"), at);
  }

  struct Arguments {
    double reduced = 0;
    int count = 0;
  };

  /// What stands in parentheses behind a function's name.
  Result<Arguments> arguments_of(std::string_view name, double (*reduce)(double, double)) {
    if (!take('(')) return failure(fmt::format("{} without \"(\"", name), at_);
    Arguments arguments;
    do {
      SKERRY_ASSIGN(const double value, operation(kCondition));
      const bool is_first = arguments.count++ == 0;
      arguments.reduced = is_first || reduce == nullptr ? value : reduce(arguments.reduced, value);
    } while (take(','));
    if (!take(')')) return at_ < text_.size() ? unexpected() : failure("missing \")\"", at_);
    return arguments;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Result<double> evaluate(std::string_view expression) { return Evaluation(expression).run(); }

}  // namespace skerry::tool
