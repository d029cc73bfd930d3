// SPDX-License-Identifier: Apache-2.0
// Workers here do and say what the paths of the calls tell them: broker/test_zygote.cc.
#include "skerry/workspace/file_calls.h"

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
#include "skerry/session/local_runner.h"
#include "skerry/store/directory_store.h"
#include "skerry/store/memory_tenant.h"

namespace skerry::workspace {
namespace {

using store::SessionName;
using store::SessionStore;

files::FilePath path(std::string_view text) { return files::FilePath::parse(text).value(); }

class FileCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(60);
    std::filesystem::create_directories(home_.templates());
    // Under the default's name, and under the one that is written in it.
    for (const char* name : {"python-data.image", "test.image"}) {
      std::filesystem::copy_file(template_.file, home_.templates() / name);
    }
    start({});
  }
  void TearDown() override {
    calls_.reset();
    runner_.reset();
    ::alarm(0);
  }

  void start(const FileCalls::Options& options, int queue = 100) {
    calls_.reset();
    runner_.reset();
    session::LocalRunner::Options setting;
    setting.pool.zygote = SKERRY_TEST_ZYGOTE;
    setting.pool.home = home_;
    setting.pool.workers = 4;
    setting.pool.spares = 1;
    setting.pool.share = 3;
    setting.pool.queue = queue;
    setting.runtimes = runtime::bundled_runtimes();
    auto runner = session::LocalRunner::start(io_, setting);
    ASSERT_TRUE(runner.ok()) << runner.status();
    runner_ = *std::move(runner);
    calls_ = std::make_unique<FileCalls>(*runner_, runner_->sessions(), options);
  }

  template <typename Value>
  struct Started {
    boost::asio::cancellation_signal stop;
    std::optional<Result<Value>> result;
  };
  template <typename Value>
  std::shared_ptr<Started<Value>> begin(FileCalls::Awaited<Value> call) {
    auto started = std::make_shared<Started<Value>>();
    boost::asio::co_spawn(
        io_, std::move(call),
        boost::asio::bind_cancellation_slot(started->stop.slot(),
                                            [started](std::exception_ptr, Result<Value> result) {
                                              started->result = std::move(result);
                                            }));
    return started;
  }
  template <typename Value>
  Result<Value> end_of(Started<Value>& started) {
    if (!broker::testing::wait_until(io_, [&] { return started.result.has_value(); })) {
      return absl::InternalError("never ended");
    }
    return *started.result;
  }

  Scope scope(const std::string& name = "s", const std::string& tenant = "t") const {
    return {.principal = {.tenant = tenant},
            .session = SessionName::parse(name).value(),
            .user = user_};
  }
  auto begin_write(const std::string& to, const std::string& content,
                   const std::string& name = "s") {
    return begin(calls_->write(scope(name), {.path = path(to), .content = content}));
  }
  Status write(const std::string& to, const std::string& content, const std::string& name = "s") {
    return end_of(*begin_write(to, content, name)).status();
  }
  /// What a look finds: how, and the text.
  std::string read(const std::string& from = "a", const std::string& name = "s",
                   const std::string& tenant = "t") {
    const auto content = end_of(*begin(calls_->read(scope(name, tenant), {.path = path(from)})));
    return content.ok() ? content->text : std::string(message_of(content.status()));
  }
  Result<operation::CommandOutput> command(std::string_view text) {
    return end_of(*begin(calls_->run(scope(), {.command = operation::Command::parse(text).value()},
                                     std::chrono::seconds(30))));
  }
  /// A run in the session; what it says.
  std::string run(const std::string& code = "count") {
    broker::testing::KeptOutput output;
    run::Request order{.principal = {.tenant = "t"},
                       .session = SessionName::parse("s").value(),
                       .request = {},
                       .observer = &output};
    order.request.program.code = code;
    EXPECT_TRUE(end_of(*begin(runner_->run(std::move(order)))).ok());
    return output.text;
  }
  std::unique_ptr<SessionStore> store(const std::string& tenant = "t") const {
    return store::DirectoryStore::open(home_.store(), tenant, {}).value();
  }

  TestDirectory directory_;
  const runtime::Home home_{directory_ / "kind"};
  image::testing::TestTemplate template_;
  boost::asio::io_context io_;
  std::optional<SessionName> user_;
  std::unique_ptr<session::LocalRunner> runner_;
  std::unique_ptr<FileCalls> calls_;
};

TEST_F(FileCallsTest, AChangeIsARevisionAndTheNextCallFindsItKept) {
  EXPECT_EQ(read(), "new ");
  ASSERT_EQ(write("in.txt", "one"), ok_status());
  EXPECT_EQ(read(), "kept one");
  ASSERT_EQ(write("in.txt", "two"), ok_status());
  EXPECT_EQ(read(), "kept onetwo");
  const auto revisions = store()->revisions(scope().session).value();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions.back().first_line, "FileWrite in.txt");
  EXPECT_EQ(revisions.back().outcome, "files");
  start({});
  EXPECT_EQ(read(), "woken onetwo");
}

TEST_F(FileCallsTest, LookingBeginsNoSession) {
  EXPECT_EQ(read(), "new ");
  EXPECT_TRUE(store()->list()->empty());
}

TEST_F(FileCallsTest, WhatChangesNothingIsNoRevision) {
  ASSERT_EQ(write("nothing new", "x"), ok_status());
  EXPECT_TRUE(store()->list()->empty());
  ASSERT_EQ(write("a", "1"), ok_status());
  ASSERT_EQ(write("nothing new", "x"), ok_status());
  EXPECT_EQ(store()->revisions(scope().session)->size(), 1U);
  EXPECT_EQ(read(), "kept 1");
}

TEST_F(FileCallsTest, ARunGoesOnInTheSandboxThatAChangeFound) {
  EXPECT_EQ(run(), "new 1");
  ASSERT_EQ(write("a", "x"), ok_status());
  EXPECT_EQ(read(), "kept statex");
  EXPECT_EQ(run(), "kept 2");
  EXPECT_EQ(store()->info(scope().session)->head, 3);
}

TEST_F(FileCallsTest, AfterAChangeWithoutASandboxARunIsWoken) {
  ASSERT_EQ(write("a", "x"), ok_status());
  EXPECT_TRUE(run().starts_with("woken "));
}

TEST_F(FileCallsTest, ARevisionIsTheTruthWhoeverMovedTheHead) {
  ASSERT_EQ(write("a", "1"), ok_status());
  ASSERT_EQ(write("a", "2"), ok_status());
  ASSERT_TRUE(store()->rewind(scope().session, "1").ok());
  EXPECT_EQ(read(), "woken 1");
  ASSERT_EQ(write("a", "3"), ok_status());
  EXPECT_EQ(read(), "kept 13");
  ASSERT_TRUE(store()->rewind(scope().session, "0").ok());
  EXPECT_EQ(read(), "new ");
}

TEST_F(FileCallsTest, ChangesOfOneSessionAreMadeInOrder) {
  std::vector<std::shared_ptr<Started<operation::Written>>> writes;
  for (char c = 'a'; c <= 'z'; ++c) writes.push_back(begin_write("a", std::string(1, c)));
  for (const auto& each : writes) EXPECT_TRUE(end_of(*each).ok());
  EXPECT_EQ(read(), "kept abcdefghijklmnopqrstuvwxyz");
}

TEST_F(FileCallsTest, TenantsHaveFilesOfTheirOwn) {
  ASSERT_EQ(write("a", "1"), ok_status());
  EXPECT_EQ(read("a", "s", "other"), "new ");
  EXPECT_EQ(read("a", "s"), "kept 1");
}

TEST_F(FileCallsTest, LargeTextsGoBothWays) {
  const auto written = end_of(
      *begin(calls_->write(scope(), {.path = path("a"), .content = std::string(3 << 20, 'x')})));
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->size, 3U << 20);
  EXPECT_EQ(read(), "kept long");
  EXPECT_EQ(read("large").size(), 2U << 20);
}

// ------------------------------------------------------------------------------------- memory

TEST_F(FileCallsTest, MemoryIsAUsersInAllSessions) {
  EXPECT_EQ(write("memory/a", "1").code(), StatusCode::kPermissionDenied);
  user_ = SessionName::parse("alice").value();
  ASSERT_EQ(write("memory/a", "tea"), ok_status());
  EXPECT_EQ(read("memory/a"), "kept tea");
  EXPECT_EQ(read("memory/a", "other"), "kept tea");
  user_ = SessionName::parse("bob").value();
  EXPECT_EQ(read("memory/a"), "new ");
  EXPECT_TRUE(store()->list()->empty()) << "no session of the tenant's";
  EXPECT_EQ(store(store::memory_tenant("t"))->list()->size(), 1U);
}

TEST_F(FileCallsTest, ACommandWorksOnBoth) {
  user_ = SessionName::parse("alice").value();
  ASSERT_EQ(write("a", "work"), ok_status());
  ASSERT_EQ(write("memory/a", "tea"), ok_status());
  EXPECT_EQ(command("cat a memory/a")->standard_output, "kept work, kept tea");
  const auto copied = command("cp a memory/");
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(copied->standard_output, "kept work, woken tea");
  EXPECT_EQ(read("memory/a"), "woken teacopy");
  EXPECT_EQ(read(), "kept work") << "it is kept, though the command was another's, too";
  const auto revisions = store(store::memory_tenant("t"))->revisions(*user_).value();
  EXPECT_EQ(revisions.back().first_line, "command: cp a memory/");
  EXPECT_EQ(store()->revisions(scope().session)->size(), 1U);
}

TEST_F(FileCallsTest, WithoutAUserACommandIsToldSo) {
  ASSERT_EQ(write("a", "1"), ok_status());
  EXPECT_EQ(command("cat memory/a")->standard_output, "kept 1,  ") << "it has no second session";
}

TEST_F(FileCallsTest, WhileAnotherHasTheSecondSessionTheFirstIsFree) {
  user_ = SessionName::parse("alice").value();
  const auto others = store(store::memory_tenant("t"));
  auto lease = std::make_optional(others->lease(*user_).value());
  const auto copying =
      begin(calls_->run(scope(), {.command = operation::Command::parse("cp a memory/").value()},
                        std::chrono::seconds(30)));
  io_.run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(copying->result.has_value());
  bool was_free = false;
  const auto sessions =
      store::DirectoryStore::open(home_.store(), "t", {}, SessionStore::Waiting::kNever);
  for (int i = 0; i < 1000 && !was_free; ++i) {
    io_.run_for(std::chrono::milliseconds(1));
    was_free = (*sessions)->try_lease(scope().session).ok();
  }
  EXPECT_TRUE(was_free);
  lease.reset();
  EXPECT_TRUE(end_of(*copying).ok());
}

// ------------------------------------------------------------------ workers that were taken over

struct Misdeed {
  const char* order;
  StatusCode code;
  StatusCode other = code;  // of one that is ended by its time or by its size
};

class WorkerOfFiles : public FileCallsTest, public ::testing::WithParamInterface<Misdeed> {};

class AChange : public WorkerOfFiles {};
TEST_P(AChange, ThatGoesWrongChangesNothing) {
  start({.patience = std::chrono::seconds(1)});
  ASSERT_EQ(write("a", "before"), ok_status());
  const StatusCode code = write(GetParam().order, "x").code();
  EXPECT_TRUE(code == GetParam().code || code == GetParam().other) << code;
  EXPECT_TRUE(read().ends_with(" before")) << read();
  ASSERT_EQ(write("a", "+"), ok_status());
  EXPECT_EQ(read(), "kept before+");
}

INSTANTIATE_TEST_SUITE_P(
    FileCallsTest, AChange,
    ::testing::Values(Misdeed{"hang", StatusCode::kDeadlineExceeded},
                      Misdeed{"die", StatusCode::kInternal}, Misdeed{"fail", StatusCode::kDataLoss},
                      Misdeed{"flood", StatusCode::kDeadlineExceeded, StatusCode::kInternal},
                      Misdeed{"no state", StatusCode::kDataLoss},
                      Misdeed{"state of no volume", StatusCode::kDataLoss},
                      Misdeed{"state of a second", StatusCode::kDataLoss},
                      Misdeed{"unsealed state", StatusCode::kPermissionDenied},
                      Misdeed{"host file", StatusCode::kPermissionDenied}),
    [](const auto& parameter) { return broker::testing::name_of_order(parameter.param.order); });

class ALook : public WorkerOfFiles {};
TEST_P(ALook, IsBelievedNothing) {
  // What does not end by itself is waited for as little as can be.
  const bool is_endless = GetParam().code == StatusCode::kDeadlineExceeded;
  start({.patience = std::chrono::seconds(is_endless ? 1 : 20)});
  ASSERT_EQ(write("a", "before"), ok_status());
  const auto content = end_of(*begin(calls_->read(scope(), {.path = path(GetParam().order)})));
  EXPECT_EQ(content.status().code(), GetParam().code) << content.status();
  EXPECT_TRUE(read().ends_with(" before"));
}

INSTANTIATE_TEST_SUITE_P(FileCallsTest, ALook,
                         ::testing::Values(Misdeed{"no answer", StatusCode::kInternal},
                                           Misdeed{"noise", StatusCode::kInternal},
                                           Misdeed{"half an answer", StatusCode::kInternal},
                                           Misdeed{"too much", StatusCode::kInternal},
                                           Misdeed{"another kind", StatusCode::kInternal},
                                           Misdeed{"die", StatusCode::kInternal},
                                           Misdeed{"hang", StatusCode::kDeadlineExceeded}),
                         [](const auto& parameter) {
                           return broker::testing::name_of_order(parameter.param.order);
                         });

// -------------------------------------------------------------------------------- time and turns

TEST_F(FileCallsTest, ACommandThatHangsHasTimedOut) {
  const auto begun = std::chrono::steady_clock::now();
  start({.patience = std::chrono::seconds(1)});
  EXPECT_EQ(read("hang"), "timed out");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(FileCallsTest, ACallThatIsCancelledFreesItsWorker) {
  ASSERT_EQ(write("a", "before"), ok_status());
  const auto looking = begin(calls_->read(scope(), {.path = path("hang")}));
  const auto changing = begin_write("hang", "x");
  const auto waiting = begin_write("a", "never");
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return runner_->counts().running == 2; }));
  const auto cancel = [&](auto& call) {
    call->stop.emit(boost::asio::cancellation_type::terminal);
    EXPECT_EQ(end_of(*call).status().code(), StatusCode::kCancelled);
  };
  cancel(waiting);
  cancel(changing);
  cancel(looking);
  EXPECT_TRUE(broker::testing::wait_until(io_, [&] { return runner_->counts().running == 0; }));
  EXPECT_EQ(read(), "woken before");
}

TEST_F(FileCallsTest, WhoWaitsForATurnIsSentAwayInTheEnd) {
  start({.patience = std::chrono::seconds(1)});
  ASSERT_EQ(write("a", "before"), ok_status());
  const auto other = store();
  auto lease = std::make_optional(other->lease(scope().session).value());
  EXPECT_EQ(write("a", "x").code(), StatusCode::kUnavailable);
  EXPECT_EQ(read(), "kept before") << "a look needs no turn";
  lease.reset();
  ASSERT_EQ(write("a", "+"), ok_status());
  EXPECT_TRUE(read().ends_with(" before+"));
}

TEST_F(FileCallsTest, OneTenantsHangingCallsLeaveOthersTheirWorkers) {
  std::vector<std::shared_ptr<Started<operation::Content>>> hanging;
  for (int i = 0; i < 10; ++i) {
    hanging.push_back(begin(calls_->read(scope(), {.path = path("hang")})));
  }
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] { return runner_->counts().running == 3; }));
  EXPECT_EQ(read("a", "s", "other"), "new ");
  for (const auto& each : hanging) each->stop.emit(boost::asio::cancellation_type::terminal);
  for (const auto& each : hanging) {
    EXPECT_EQ(end_of(*each).status().code(), StatusCode::kCancelled);
  }
}

TEST_F(FileCallsTest, SoManyMayWait) {
  start({}, /*queue=*/1);
  std::vector<std::shared_ptr<Started<operation::Content>>> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(begin(calls_->read(scope(), {.path = path("hang")})));
  }
  ASSERT_TRUE(broker::testing::wait_until(io_, [&] {
    return std::count_if(calls.begin(), calls.end(),
                         [](const auto& each) { return each->result.has_value(); }) == 6;
  }));
  for (const auto& each : calls) {
    if (each->result) {
      EXPECT_EQ(each->result->status().code(), StatusCode::kResourceExhausted);
    }
    each->stop.emit(boost::asio::cancellation_type::terminal);
  }
  for (const auto& each : calls) (void)end_of(*each);
}

TEST(FileCallsOptionsTest, OutOfBoundsAreRefused) {
  EXPECT_TRUE(FileCalls::Options().check().ok());
  for (const FileCalls::Options& bad :
       {FileCalls::Options{.workspace = mib(201)}, FileCalls::Options{.memory = bytes(0)},
        FileCalls::Options{.read = mib(21)},
        FileCalls::Options{.patience = std::chrono::seconds(0)}}) {
    EXPECT_EQ(bad.check().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace skerry::workspace
