// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/code_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/run/test_runner.h"
#include "skerry/tool/test_call.h"

namespace skerry::tool {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kEmptyModule("\0asm\1\0\0\0", 8);

class CodeExecutorTest : public ::testing::Test {
 protected:
  ToolResult call(const json& parameters) {
    CodeExecutor tool(runner_, *source_, {});
    auto arguments = Arguments::check(tool.definition(), parameters);
    EXPECT_TRUE(arguments.ok()) << arguments.status();
    return testing::finish(tool.call(*std::move(arguments), {.tenant = "t"}, {}));
  }
  static json with(json parameters) {
    parameters["wasm_base64"] = "AGFzbQEAAAA=";
    return parameters;
  }

  run::testing::FakeRunner runner_;
  std::unique_ptr<ModuleSource> source_ = ModuleSource::open({}).value();
};

TEST_F(CodeExecutorTest, AModuleRunsInAProcessOfItsOwn) {
  runner_.prints = "hello";
  const auto result =
      call(with({{"stdin", "in"}, {"argv", {"a", "b"}}, {"timeout_seconds", 3}, {"fuel", 1000}}));
  EXPECT_EQ(result.output, "hello");
  const run::Request& request = runner_.requests.at(0);
  EXPECT_EQ(*request.module, kEmptyModule);
  EXPECT_EQ(request.isolation, run::Isolation::kProcess);
  EXPECT_FALSE(request.session);
  EXPECT_EQ(request.request.input, "in");
  EXPECT_THAT(request.request.command->arguments, ElementsAre("a", "b"));
  EXPECT_EQ(request.request.limits.wall, std::chrono::seconds(3));
  EXPECT_EQ(request.request.limits.fuel, 1000U);
}

TEST_F(CodeExecutorTest, TextFormIsTakenWhereThereIsNoOther) {
  EXPECT_TRUE(call({{"wat", "(module)"}}).succeeded());
  EXPECT_EQ(*runner_.requests.at(0).module, "(module)");
}

TEST_F(CodeExecutorTest, AFailureSaysWhoseItIs) {
  runner_.outcome.kind = sandbox::OutcomeKind::kTrapped;
  runner_.outcome.message = "trap";
  const auto result = call(with({}));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.error, "WASI execution error: trap");
}

TEST_F(CodeExecutorTest, WhatDoesNotRunHasAReason) {
  EXPECT_THAT(call(json::object()).error, HasSubstr("missing 'wasm_base64'"));
  EXPECT_EQ(call({{"wasm_base64", "*"}}).verdict, Verdict::kInvalid);
  EXPECT_THAT(call(with({{"argv", {std::string("a\0b", 3)}}})).error, HasSubstr("NUL"));
  EXPECT_THAT(call(with({{"stdin", std::string((std::size_t{32} << 20) + 1, 'x')}})).error,
              HasSubstr("Standard input of"));
  EXPECT_THAT(runner_.requests, IsEmpty());
}

}  // namespace
}  // namespace skerry::tool
