// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/direct_code.h"

#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

TEST(DirectCodeTest, AQueryThatSaysSoIsCode) {
  EXPECT_EQ(code_in("Execute Python: print('Hello, Shannon!')"), "print('Hello, Shannon!')");
  EXPECT_EQ(code_in("  execute PYTHON:x=1\nprint(x)\n"), "x=1\nprint(x)");
  EXPECT_EQ(code_in("Execute Python:\n  if 1:\n    pass"), "  if 1:\n    pass");
  EXPECT_EQ(code_in("Execute Python code: 1+1"), "1+1");
  EXPECT_EQ(code_in("Execute Python code that adds: print(1 + 1)"), "print(1 + 1)");
  EXPECT_EQ(code_in("Execute Python: d = {'a': 1}"), "d = {'a': 1}");
}

TEST(DirectCodeTest, AFenceIsTakenOff) {
  EXPECT_EQ(code_in("Execute Python:\n```python\nprint(1)\n```"), "print(1)\n");
  EXPECT_EQ(code_in("Execute Python: ```\nprint(1)\n```\n"), "print(1)\n");
  EXPECT_EQ(code_in("```py\nprint(1)\n```"), "print(1)\n");
  EXPECT_EQ(code_in("\n```Python3\nprint('```')\n```\n"), "print('```')\n");
}

TEST(DirectCodeTest, AnythingElseIsForAModel) {
  for (const char* other :
       {"", "hello", "Execute Python", "Execute Python:", "Execute Python:  \n ",
        "execute python code", "Execute Python code to add two numbers",
        "Execute Python code\nfor x in y: pass", "Please execute Python: print(1)",
        "Execute Pythonista: x", "```\nprint(1)\n```", "```ruby\nputs 1\n```",
        "```python print(1)```", "```", "``````", "Explain:\n```python\nx\n```",
        "```python\na\n```\nand\n```python\nb\n```"}) {
    EXPECT_FALSE(code_in(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace skerry::agent
