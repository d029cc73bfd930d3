// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/python_executor.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"
#include "skerry/run/test_runner.h"
#include "skerry/tool/test_call.h"

namespace skerry::tool {
namespace {

using nlohmann::json;
using sandbox::OutcomeKind;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PythonExecutorTest : public ::testing::Test {
 protected:
  ToolResult call(const json& parameters, access::Principal caller = {},
                  OutputCallback on_output = {}) {
    PythonExecutor tool(runner_, limits_);
    auto arguments = Arguments::check(tool.definition(), parameters);
    EXPECT_TRUE(arguments.ok()) << arguments.status();
    return testing::finish(
        tool.call(*std::move(arguments), std::move(caller), std::move(on_output)));
  }
  const run::Request& request() const { return runner_.requests.at(0); }

  run::testing::FakeRunner runner_;
  sandbox::Limits limits_ = {};
};

TEST_F(PythonExecutorTest, WhatIsAskedReachesTheRunner) {
  const access::Principal caller{.tenant = "t", .session = "s"};
  const auto result = call({{"code", "1"}, {"stdin", "in"}, {"timeout_seconds", 7}}, caller);
  EXPECT_EQ(result.verdict, Verdict::kOk);
  EXPECT_EQ(request().principal.tenant, "t");
  EXPECT_EQ(request().session->text(), "s");
  EXPECT_EQ(request().request.program.code, "1");
  EXPECT_EQ(request().request.input, "in");
  EXPECT_EQ(request().request.limits.wall, std::chrono::seconds(7));
  EXPECT_EQ(request().request.limits.words, sandbox::LimitWords::kToolParameters);
  EXPECT_EQ(request().isolation, run::Isolation::kTenant);
}

TEST_F(PythonExecutorTest, ASessionInTheParametersGoesBeforeTheCallers) {
  (void)call({{"code", "1"}, {"session_id", "mine"}}, {.session = "theirs"});
  EXPECT_EQ(request().session->text(), "mine");
}

TEST_F(PythonExecutorTest, WithoutASessionTheRunIsFresh) {
  const auto result = call({{"code", "1"}});
  EXPECT_FALSE(request().session);
  EXPECT_FALSE(result.metadata.contains("session_id"));
}

TEST_F(PythonExecutorTest, MoreThanAMinuteCountsAsAMinute) {
  (void)call({{"code", "1"}, {"timeout_seconds", 3600}});
  EXPECT_EQ(request().request.limits.wall, std::chrono::seconds(60));
}

TEST_F(PythonExecutorTest, BothStreamsAreKept) {
  runner_.prints = "out";
  runner_.complains = "err";
  const auto result = call({{"code", "1"}});
  EXPECT_EQ(result.output, "out");
  EXPECT_EQ(result.metadata["stderr"], "err");
  EXPECT_THAT(result.error, IsEmpty());
}

TEST_F(PythonExecutorTest, OutputIsPassedOnWhileItComes) {
  runner_.prints = "out";
  std::string seen;
  const auto take = [&seen](wasi::Stream, std::string_view text) { seen += text; };
  (void)call({{"code", "1"}}, {}, OutputCallback(take));
  EXPECT_EQ(seen, "out");
}

TEST_F(PythonExecutorTest, AProgramThatFailsTellsWhy) {
  runner_.complains = "Traceback";
  runner_.outcome.kind = OutcomeKind::kFailed;
  runner_.outcome.exit_code = 1;
  runner_.outcome.message = "NameError: x";
  const auto result = call({{"code", "x"}});
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.error, "Execution failed: NameError: x\nTraceback");
  EXPECT_EQ(result.metadata["exit_code"], 1);
}

TEST_F(PythonExecutorTest, ATimeOutIsOne) {
  runner_.outcome.kind = OutcomeKind::kDeadline;
  const auto result = call({{"code", "1"}, {"timeout_seconds", 2}});
  EXPECT_EQ(result.verdict, Verdict::kTimeout);
  EXPECT_EQ(result.error, "Execution timeout after 2 seconds");
  EXPECT_EQ(result.metadata["timeout"], true);
}

TEST_F(PythonExecutorTest, ASessionThatCouldNotBeSavedIsOurFailure) {
  runner_.session = run::SessionReport{.name = "s",
                                       .revision = 3,
                                       .message = "no room",
                                       .failure = absl::ResourceExhaustedError("no room")};
  const auto result = call({{"code", "1"}, {"session_id", "s"}});
  EXPECT_EQ(result.verdict, Verdict::kBroken);
  EXPECT_EQ(result.error, "no room");
}

TEST_F(PythonExecutorTest, FiguresAreForWhoCounts) {
  runner_.outcome.usage.dirty_pages = 9;
  runner_.session = run::SessionReport{
      .name = "s", .revision = 1, .saved = "committed", .message = {}, .bytes = 70, .failure = {}};
  const auto result = call({{"code", "1"}, {"session_id", "s"}});
  ASSERT_TRUE(result.run);
  EXPECT_EQ(result.run->usage.dirty_pages, 9U);
  EXPECT_EQ(result.run->session_bytes, 70);
}

TEST_F(PythonExecutorTest, WhatDoesNotRunHasAReason) {
  EXPECT_EQ(call({{"code", ""}}).error, "No code provided to execute");
  EXPECT_EQ(call({{"code", "1"}, {"session_id", "a/b"}}).verdict, Verdict::kInvalid);
  const std::string large((std::size_t{32} << 20) + 1, 'x');
  EXPECT_THAT(call({{"code", "1"}, {"stdin", large}}).error, HasSubstr("'stdin' is longer"));
  EXPECT_THAT(runner_.requests, IsEmpty());

  runner_.failure =
      with_retry_after(absl::ResourceExhaustedError("busy"), std::chrono::milliseconds(30));
  const auto busy = call({{"code", "1"}});
  EXPECT_EQ(busy.verdict, Verdict::kBusy);
  EXPECT_EQ(busy.retry_after, std::chrono::milliseconds(30));
  runner_.failure = absl::InternalError("broken");
  EXPECT_EQ(call({{"code", "1"}}).verdict, Verdict::kBroken);
}

}  // namespace
}  // namespace skerry::tool
