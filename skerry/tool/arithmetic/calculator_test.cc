// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/arithmetic/calculator.h"

#include <string>

#include <gtest/gtest.h>

#include "skerry/tool/test_call.h"

namespace skerry::tool {
namespace {

ToolResult calculate(const std::string& expression) {
  Calculator calculator;
  auto arguments = Arguments::check(calculator.definition(), {{"expression", expression}});
  return testing::finish(calculator.call(arguments.value(), {}, {}));
}

TEST(CalculatorTest, Computes) {
  EXPECT_EQ(calculate("2+2").output.dump(), R"({"expression":"2+2","result":4})");
  EXPECT_EQ(calculate("5*3").output["result"], 15);
  EXPECT_EQ(calculate("1/4").output["result"], 0.25);
  EXPECT_EQ(calculate("2 ** 10 - 2^3").output["result"], 1016);
  EXPECT_EQ(calculate("17 % 5").output["result"], 2);
  EXPECT_EQ(calculate("max(sqrt(16), 3) * (1 + 1)").output["result"], 8);
  EXPECT_NEAR(calculate("cos(pi)").output["result"].get<double>(), -1, 1e-15);
  EXPECT_EQ(calculate("10^15").output["result"].dump(), "1000000000000000");
}

TEST(CalculatorTest, WhatIsNoNumberIsAFailure) {
  for (const char* bad : {"", "1/0", "0/0", "2+", "x", "a=5", "2 2", "__import__('os')", "sqrt(-1)",
                          "\"text\"", "9^9^9^9", "(", ")", "1;2"}) {
    const ToolResult result = calculate(bad);
    EXPECT_EQ(result.verdict, Verdict::kFailed) << bad << " is " << result.output;
    EXPECT_FALSE(result.error.empty());
  }
}

TEST(CalculatorTest, LongAndDeepExpressionsAreBounded) {
  EXPECT_EQ(calculate(std::string(1001, '1')).verdict, Verdict::kFailed);
  EXPECT_EQ(calculate(std::string(499, '(') + "1" + std::string(499, ')')).output["result"], 1);
}

}  // namespace
}  // namespace skerry::tool
