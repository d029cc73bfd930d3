// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/arithmetic/expression.h"

#include <chrono>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

namespace skerry::tool {
namespace {

struct Value {
  const char* expression;
  double value;
};

// As muParser 2.3.3 computes them, which evaluated expressions here before.
constexpr Value kValues[] = {
    {"1+1", 2},
    {"2e3", 2000},
    {"2*e", 5.4365636569180902},
    {"1.", 1},
    {".5", 0.5},
    {"1e+2", 100},
    {"1E-2", 0.01},
    {"1e-400", 0},
    {"99999999999999999999", 1e+20},
    {"-2^2", -4},
    {"2^-2", 0.25},
    {"2^3^2", 512},
    {"2**3**2", 512},
    {"-2*3", -6},
    {"2*-3", -6},
    {"1--1", 2},
    {"1++1", 2},
    {"+1", 1},
    {"2 + +3", 5},
    {"1<2", 1},
    {"1<2<3", 1},
    {"3>2>1", 0},
    {"1==1", 1},
    {"1!=1", 0},
    {"1<=1", 1},
    {"1>=2", 0},
    {"1&&0", 0},
    {"1||0", 1},
    {"2&&3", 1},
    {"1<2&&2<3", 1},
    {"1||0&&0", 1},
    {"1?2:3", 2},
    {"0?2:3", 3},
    {"1?0?1:2:3", 2},
    {"0?1:0?2:3", 3},
    {"1 ? 2 : 3 + 4", 2},
    {"1+1?2:3", 2},
    {"1&&1?5:6", 5},
    {"1>2?10:20", 20},
    {"sin(1)", 0.8414709848078965},
    {"cos(1)", 0.54030230586813977},
    {"tan(1)", 1.5574077246549023},
    {"asin(0.5)", 0.52359877559829893},
    {"acos(0.5)", 1.0471975511965979},
    {"atan(1)", 0.78539816339744828},
    {"atan2(1,2)", 0.46364760900080609},
    {"atan2(-1,-2)", -2.677945044588987},
    {"sinh(1)", 1.1752011936438014},
    {"cosh(1)", 1.5430806348152437},
    {"tanh(0.5)", 0.46211715726000974},
    {"asinh(1)", 0.88137358701954294},
    {"acosh(2)", 1.3169578969248166},
    {"atanh(0.5)", 0.54930614433405489},
    {"log2(8)", 3},
    {"log10(1000)", 3},
    {"log(10)", 2.3025850929940459},
    {"ln(10)", 2.3025850929940459},
    {"exp(1)", 2.7182818284590451},
    {"sqrt(2)", 1.4142135623730951},
    {"sign(-3)", -1},
    {"sign(0)", 0},
    {"sign(2)", 1},
    {"rint(2.5)", 3},
    {"rint(-2.5)", -2},
    {"rint(1.4)", 1},
    {"abs(-3)", 3},
    {"max(1)", 1},
    {"min(3,1,2)", 1},
    {"max(3,1,2)", 3},
    {"sum(1,2,3)", 6},
    {"avg(1,2,3,4)", 2.5},
    {"pi", 3.1415926535897931},
    {"e", 2.7182818284590451},
    {"_e", 2.7182818284590451},
    {"ln(_e)", 1},
    {"cos(pi)", -1},
    {"7%3", 1},
    {"-7%3", -1},
    {"7%-3", 1},
    {"7.5%2", 1.5},
    {"2*7%4", 2},
    {"2^3%5", 3},
    {"10-3-2", 5},
    {"100/10/2", 5},
    {"1/3", 0.33333333333333331},
    {"2^-1^2", 0.5},
    {"-2^-2", -0.25},
    {"-(2)^2", -4},
    {"2^-2*3", 0.75},
    {"1-(-1)", 2},
    {"4-2+1", 3},
    {"-1<0", 1},
    {"2*3>5", 1},
    {"1 == 1 == 1", 1},
    {"3-2 == 1", 1},
    {"0^0", 1},
    {"0/-1", -0},
    {"0.1+0.2", 0.30000000000000004},
    {"1.7976931348623157e308", 1.7976931348623157e+308},
    {"sin(pi/2)*2^0.5", 1.4142135623730951},
    {"((((1))))", 1},
    {"max(sqrt(16), 3) * (1 + 1)", 8},
    {"17 % 5", 2},
    {"2 ** 10 - 2^3", 1016},
    {"3 + 4 * 2 / (1 - 5) ^ 2 ^ 3", 3.0001220703125},
    {"min(2^3, 7, sum(1, 2) * 3) % 4", 3},
    {"1e2^0.5", 10},
    {"-sin(1)", -0.8414709848078965},
    {"- sqrt(4)", -2},
    {"2 - -2", 4},
    {"2*(3+4)*(5-6)", -14},
    {"log2(2^10) + log10(10^5)", 15},
    {"exp(ln(7))", 6.9999999999999991},
    {"avg(min(1,2),max(3,4))", 2.5},
    {"(1<2)+(2<1)", 1},
    {"1 < 2 == 1", 1},
    {"sqrt(3^2+4^2)", 5},
    {"abs(-2)^abs(-3)", 8},
    {"5-2*3%4", 3},
    {"1/7*7", 1},
    {"10%4*3", 6},
    {"2^0.5^2", 1.189207115002721},
    {"\t1 +\t2", 3},
};

TEST(ExpressionTest, ValuesAreThoseOfTheParserBefore) {
  for (const auto& [expression, expected] : kValues) {
    const auto value = evaluate(expression);
    ASSERT_TRUE(value.ok()) << expression << ": " << value.status();
    EXPECT_DOUBLE_EQ(*value, expected) << expression;
  }
}

TEST(ExpressionTest, ResultsThatAreNoNumbersAreTheCallersToJudge) {
  for (const char* expression : {"1/0", "-1/0", "1e308*10", "9^9^9^9"}) {
    EXPECT_TRUE(std::isinf(evaluate(expression).value())) << expression;
  }
  for (const char* expression : {"0/0", "sqrt(-1)", "5 % 0", "asin(2)", "acosh(0.5)"}) {
    EXPECT_TRUE(std::isnan(evaluate(expression).value())) << expression;
  }
}

TEST(ExpressionTest, SignsMayFollowEachOther) {
  EXPECT_EQ(evaluate("1---1").value(), 0);
  EXPECT_EQ(evaluate("- -2").value(), 2);
  EXPECT_EQ(evaluate("2^--2").value(), 4);
}

struct Mistake {
  const char* expression;
  const char* message;
};

constexpr Mistake kMistakes[] = {
    {"", "unexpected end"},
    {" ", "unexpected end"},
    {"2+", "unexpected end"},
    {"(", "unexpected end"},
    {"(1", "missing \")\" at position 3"},
    {"max(1,2", "missing \")\" at position 8"},
    {")", "unexpected \")\" at position 1"},
    {"1)", "unexpected \")\" at position 2"},
    {"2 2", "unexpected \"2\" at position 3"},
    {"2(3)", "unexpected \"(\" at position 2"},
    {"2pi", "unexpected \"p\" at position 2"},
    {"1.5.5", "unexpected \".\" at position 4"},
    {"0x10", "unexpected \"x\" at position 2"},
    {"1_000", "unexpected \"_\" at position 2"},
    {"1,5", "unexpected \",\" at position 2"},
    {"(1,2)", "unexpected \",\" at position 3"},
    {"max(1,,2)", "unexpected \",\" at position 7"},
    {"max()", "unexpected \")\" at position 5"},
    {"a=5", "unknown name \"a\" at position 1"},
    {"1=1", "unexpected \"=\" at position 2"},
    {"1;2", "unexpected \";\" at position 2"},
    {"5!", "unexpected \"!\" at position 2"},
    {"1&1", "unexpected \"&\" at position 2"},
    {"* 1", "unexpected \"*\" at position 1"},
    {"2***3", "unexpected \"*\" at position 4"},
    {"1 // 2", "unexpected \"/\" at position 4"},
    {"\"text\"", "unexpected \"\"\" at position 1"},
    {"1\x80", "unexpected character at position 2"},
    {"1?2", "missing \":\" at position 4"},
    {"1:2", "unexpected \":\" at position 2"},
    {"x^2", "unknown name \"x\" at position 1"},
    {"PI", "unknown name \"PI\" at position 1"},
    {"nan", "unknown name \"nan\" at position 1"},
    {"__import__('os')", "unknown name \"__import__\" at position 1"},
    {"sin", "sin without \"(\" at position 4"},
    {"sin 1", "sin without \"(\" at position 5"},
    {"sin(1,2)", "sin takes one number at position 1"},
    {"atan2(1)", "atan2 takes two numbers at position 1"},
    {".", "malformed number at position 1"},
    {"2e", "malformed number at position 1"},
    {"1+2e+", "malformed number at position 3"},
    {"1e400", "number too large at position 1"},
};

TEST(ExpressionTest, MistakesAreToldWithTheirPlace) {
  for (const auto& [expression, message] : kMistakes) {
    const auto value = evaluate(expression);
    ASSERT_EQ(value.status().code(), StatusCode::kInvalidArgument) << expression;
    EXPECT_EQ(message_of(value.status()), message) << expression;
  }
}

TEST(ExpressionTest, NulIsACharacterLikeAnyOther) {
  EXPECT_FALSE(evaluate(std::string_view("1\0+1", 4)).ok());
}

TEST(ExpressionTest, NestingIsBounded) {
  const auto nested = [](std::size_t depth) {
    return evaluate(std::string(depth, '(') + "1" + std::string(depth, ')'));
  };
  EXPECT_EQ(nested(kMaxExpressionDepth - 1).value(), 1);
  EXPECT_EQ(message_of(nested(kMaxExpressionDepth).status()), "nested too deeply at position 513");
  for (const char* piece : {"(", "2^", "-2^", "1?", "1?1:", "sin(", "max(1,", "+"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    EXPECT_FALSE(evaluate(text).ok()) << piece;
  }
}

TEST(ExpressionTest, TimeIsLinear) {
  const auto took = [](std::size_t terms) {
    std::string text = "1";
    for (std::size_t i = 0; i < terms; ++i) text += "+sin(2)*3^2";
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(evaluate(text).ok());
    return std::chrono::steady_clock::now() - begun;
  };
  took(1000);
  // Quadratic would be a hundred times as long; a busy machine is allowed a lot.
  EXPECT_LT(took(100'000), 40 * took(10'000) + std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace skerry::tool
