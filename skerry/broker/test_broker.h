// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "skerry/broker/broker.h"
#include "skerry/broker/test_run.h"

/// A broker for tests, whose zygote has workers that do what their orders say. For tests only.
namespace skerry::broker::testing {

/// A run under way, as a caller holds it.
struct Started {
  KeptOutput output;
  Broker::RunId id = 0;
  std::optional<Result<sandbox::Outcome>> ended;
};

class BrokerTest : public ::testing::Test {
 protected:
  // What hangs is killed, and with it the test program.
  void SetUp() override { ::alarm(60); }
  void TearDown() override {
    broker_.reset();
    ::alarm(0);
  }

  static Options options(const std::string& behaviour = "kind") {
    Options options;
    options.zygote = SKERRY_TEST_ZYGOTE;
    options.home.root = "/nowhere/" + behaviour;
    options.workers = 4;
    options.spares = 1;
    options.share = 3;
    options.queue = 4;
    return options;
  }

  void start(const Options& with) {
    auto broker = Broker::start(io_, with);
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }

  std::shared_ptr<Started> begin(const std::string& order, const std::string& tenant = "t",
                                 run::Isolation isolation = run::Isolation::kTenant,
                                 std::chrono::milliseconds wall = std::chrono::milliseconds(20'000),
                                 ByteSize memory = mib(256)) {
    broker::Run run;
    run.tenant = tenant;
    run.isolation = isolation;
    run.request.program.code = order;
    run.request.limits.wall = wall;
    run.request.limits.memory = memory;
    run.request.limits.files = bytes(0);
    run.request.limits.output = kib(64);
    return begin(std::move(run));
  }

  std::shared_ptr<Started> begin(broker::Run run, std::size_t most = SIZE_MAX) {
    auto started = std::make_shared<Started>();
    started->output.most = most;
    run.observer = &started->output;
    started->id = broker_->run(
        std::move(run), [started](Result<sandbox::Outcome> outcome) { started->ended = outcome; });
    return started;
  }

  template <typename Condition>
  bool wait_until(const Condition& condition) {
    return testing::wait_until(io_, condition);
  }

  /// The outcome of a run that must have one.
  sandbox::Outcome end_of(Started& started) {
    EXPECT_TRUE(wait_until([&] { return started.ended.has_value(); })) << "never ended";
    if (!started.ended) return {};
    EXPECT_TRUE(started.ended->ok()) << started.ended->status();
    return started.ended->value_or(sandbox::Outcome{});
  }

  /// A run that ends well, on the tenant's worker: proves that the broker still serves.
  std::string pid_of(const std::string& tenant,
                     run::Isolation isolation = run::Isolation::kTenant) {
    const auto run = begin("pid", tenant, isolation);
    EXPECT_EQ(end_of(*run).kind, sandbox::OutcomeKind::kCompleted);
    return run->output.text;
  }

  boost::asio::io_context io_;
  std::unique_ptr<Broker> broker_;
};

}  // namespace skerry::broker::testing
