// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/runs.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/run/test_runner.h"
#include "skerry/tool/test_call.h"
#include "skerry/upload/test_uploads.h"

namespace skerry::tool {
namespace {

using ::testing::IsEmpty;

class RunsTest : public ::testing::Test, public CallWatcher {
 protected:
  RunsTest() { tools_.watch(*this); }

  Result<RunReport> run(access::Principal caller, run::Request request, OutputCallback on_output) {
    return testing::finish(
        runs_.run(std::move(caller), std::move(request), {.output = std::move(on_output)}));
  }
  void called(const access::Principal& caller, std::string_view tool,
              const ToolResult& result) override {
    callers_.push_back(caller);
    tool_names_.emplace_back(tool);
    results_.push_back(result);
  }

  run::testing::FakeRunner runner_;
  Toolbox tools_;
  loop::Pool pool_{1};
  upload::testing::TestUploads uploads_{pool_};
  Runs runs_{runner_, tools_, uploads_.get()};
  std::vector<access::Principal> callers_;
  std::vector<std::string> tool_names_;
  std::vector<ToolResult> results_;
};

TEST_F(RunsTest, WatchersHearOfARunWithItsFigures) {
  runner_.prints = "out\xff";
  runner_.outcome.usage.dirty_pages = 5;
  const auto report = run({.tenant = "t"}, {}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->standard_output.text, "out\xff") << "kept as bytes";
  EXPECT_EQ(runner_.requests.at(0).principal.tenant, "t");
  ASSERT_EQ(results_.size(), 1U);
  EXPECT_EQ(tool_names_[0], "python_executor");
  EXPECT_EQ(results_[0].verdict, Verdict::kOk);
  EXPECT_EQ(results_[0].run.value().usage.dirty_pages, 5U);
}

TEST_F(RunsTest, AProgramGetsFilesByValueAndById) {
  const std::string id = uploads_.store().put("t", "kept").value().id;
  const auto path = [](const char* text) { return files::FilePath::parse(text).value(); };
  run::Request order;
  order.files = {{.path = path("a"), .content = std::make_shared<const std::string>("given")},
                 {.path = path("b/c"), .id = id}};
  ASSERT_TRUE(run({.tenant = "t"}, order, {}).ok());
  const auto& files = runner_.requests.at(0).request.input_files;
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(*files[0].content, "given");
  EXPECT_EQ(files[1].path.below(), "b/c");
  EXPECT_EQ(*files[1].content, "kept");
  // Another tenant's is no file.
  EXPECT_EQ(run({.tenant = "other"}, order, {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(runner_.requests.size(), 1U);
}

TEST_F(RunsTest, FilesThatARunChangesAreToldAndKept) {
  runner_.changes = {{.path = "/out.csv", .content = "1,2", .size = 3, .is_new = true}};
  const auto report = run({.tenant = "t"}, {}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->files.size(), 1U);
  EXPECT_EQ(uploads_.store().read("t", report->files[0].id).value(), "1,2");
  const auto told = json_of(*report)["files"][0];
  EXPECT_EQ(told["path"], "out.csv");
  EXPECT_EQ(told["change"], "created");
  EXPECT_EQ(told["type"], "text/csv");
  EXPECT_EQ(told["sha256"], told["id"]);
}

TEST_F(RunsTest, WhoMayNotRunRunsNothing) {
  const auto tools = std::make_shared<const std::vector<std::string>>(1, "calculator");
  const auto report = run({.tools = tools}, {}, {});
  EXPECT_EQ(report.status().code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(runner_.requests, IsEmpty());
  ASSERT_EQ(results_.size(), 1U);
  EXPECT_EQ(results_[0].verdict, Verdict::kForbidden);
}

TEST_F(RunsTest, OutputThatSomebodyTakesIsNotKept) {
  runner_.prints = "out";
  std::string seen;
  const auto take = [&seen](wasi::Stream, std::string_view text) { seen += text; };
  const auto report = run({}, {}, OutputCallback(take));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(seen, "out");
  EXPECT_THAT(report->standard_output.text, IsEmpty());
}

TEST_F(RunsTest, AWatcherLearnsTheSession) {
  run::Request request;
  request.session = store::SessionName::parse("s").value();
  ASSERT_TRUE(run({}, std::move(request), {}).ok());
  EXPECT_EQ(callers_.at(0).session, "s");
}

TEST_F(RunsTest, AFailureIsReportedAsWhatItIs) {
  runner_.failure = absl::ResourceExhaustedError("busy");
  EXPECT_EQ(run({}, {}, {}).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(results_.at(0).verdict, Verdict::kBusy);
  EXPECT_FALSE(results_.at(0).run);
}

}  // namespace
}  // namespace skerry::tool
