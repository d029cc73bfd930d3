// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/local_runner.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/broker/test_run.h"
#include "skerry/image/test_template.h"
#include "skerry/runtime/registry.h"

namespace skerry::session {
namespace {

using broker::testing::KeptOutput;
using sandbox::OutcomeKind;

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(60);
    std::filesystem::create_directories(home_.templates());
    for (const char* name : {"python-data.image", "test.image"}) {
      std::filesystem::copy_file(template_.file, home_.templates() / name);
    }
    LocalRunner::Options options;
    options.pool.zygote = SKERRY_TEST_ZYGOTE;
    options.pool.home = home_;
    options.pool.workers = 4;
    options.pool.spares = 1;
    options.pool.share = 1;
    options.runtimes = runtime::bundled_runtimes();
    auto runner = LocalRunner::start(io_, options);
    ASSERT_TRUE(runner.ok()) << runner.status();
    runner_ = *std::move(runner);
  }
  void TearDown() override {
    runner_.reset();
    ::alarm(0);
  }

  struct Started {
    KeptOutput output;
    boost::asio::cancellation_signal stop;
    std::optional<Result<run::Report>> answer;
  };

  std::shared_ptr<Started> begin(const std::string& code, const std::string& session = "",
                                 std::chrono::milliseconds wall = std::chrono::seconds(20)) {
    run::Request order{.principal = {.tenant = "t"}, .session = {}, .request = {}};
    order.request.program.code = code;
    order.request.limits.wall = wall;
    if (!session.empty()) order.session = store::SessionName::parse(session).value();
    return begin(std::move(order));
  }

  std::shared_ptr<Started> begin(run::Request order) {
    auto started = std::make_shared<Started>();
    order.observer = &started->output;
    boost::asio::co_spawn(
        io_, runner_->run(std::move(order)),
        boost::asio::bind_cancellation_slot(
            started->stop.slot(), [started](std::exception_ptr, Result<run::Report> answer) {
              started->answer = std::move(answer);
            }));
    return started;
  }

  Result<run::Report> end_of(Started& started) {
    if (!broker::testing::wait_until(io_, [&] { return started.answer.has_value(); })) {
      return absl::InternalError("never ended");
    }
    return *started.answer;
  }

  TestDirectory directory_;
  const runtime::Home home_{directory_ / "kind"};
  image::testing::TestTemplate template_;
  boost::asio::io_context io_;
  std::unique_ptr<LocalRunner> runner_;
};

TEST_F(RunnerTest, AFreshRunHasNoSession) {
  const auto run = begin("pid");
  const auto answer = end_of(*run);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome.kind, OutcomeKind::kCompleted);
  EXPECT_FALSE(answer->session.has_value());
  EXPECT_FALSE(run->output.text.empty());
}

TEST_F(RunnerTest, ASessionGoesOn) {
  ASSERT_TRUE(end_of(*begin("count", "s")).ok());
  const auto second = end_of(*begin("count", "s"));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->session.value().revision, 2);
  EXPECT_EQ(second->session.value().saved, "committed");
}

TEST_F(RunnerTest, CancellingTheWaitCancelsTheRun) {
  for (const char* session : {"", "s"}) {
    const auto running = begin("hang", session);
    const auto waiting = begin("pid", session);
    ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return runner_->counts().running == 1; }));
    for (const auto& run : {waiting, running}) {
      run->stop.emit(boost::asio::cancellation_type::terminal);
      const auto answer = end_of(*run);
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->outcome.kind, OutcomeKind::kCancelled);
    }
    EXPECT_EQ(end_of(*begin("pid", session))->outcome.kind, OutcomeKind::kCompleted);
  }
}

TEST_F(RunnerTest, InputReachesAFreshRunWhileItLasts) {
  run::Request order{.principal = {.tenant = "t"}, .session = {}, .request = {}};
  order.request.program.code = "greet";
  order.input = std::make_shared<run::InputFeed>();
  const auto input = order.input;
  const auto run = begin(std::move(order));
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return run->output.waits == 1; }));
  input->add("Ada");
  input->end();
  EXPECT_EQ(end_of(*run)->outcome.kind, OutcomeKind::kCompleted);
  EXPECT_EQ(run->output.text, "begun<Ada>end");
}

TEST_F(RunnerTest, AModuleHasItsInputWhole) {
  run::Request order{.principal = {.tenant = "t"}, .session = {}, .request = {}};
  order.request.command.emplace();
  order.module = std::make_shared<const std::string>("(module)");
  order.input = std::make_shared<run::InputFeed>();
  EXPECT_EQ(end_of(*begin(std::move(order))).status(),
            absl::InvalidArgumentError("a module's input is given whole"));
}

TEST_F(RunnerTest, LimitsAreCheckedBeforeAWorkerIsAsked) {
  const auto answer = end_of(*begin("pid", "", std::chrono::milliseconds(-1)));
  EXPECT_EQ(answer.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(runner_->counts().runs, 0U);
}

}  // namespace
}  // namespace skerry::session
