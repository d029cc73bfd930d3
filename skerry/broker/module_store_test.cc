// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/module_store.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/broker/test_run.h"

namespace skerry::broker {
namespace {

namespace fs = std::filesystem;
using Code = ModuleStore::Code;

/// A command in text form; another number makes another module of it.
std::string command(int number) {
  return "(module (func (export \"_start\") (drop (i32.const " + std::to_string(number) + "))))";
}

/// One that takes a while to compile: much code in text, and nothing wrong with it.
std::string slow_command() {
  std::string text = "(module";
  for (int i = 0; i < 8000; ++i) {
    text += "(func (param i32) (result i32) local.get 0";
    for (int j = 0; j < 120; ++j) text += " local.get 0 i32.mul";
    text += ")";
  }
  return text + "(func (export \"_start\")))";
}

class ModuleStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::alarm(60);
    // For the compiler, not for this process: the engine's threads are not instrumented, so that
    // what the thread sanitizer tells of them is nothing.
    ::setenv("TSAN_OPTIONS", "exitcode=0", 1);
    make(options());
  }
  void TearDown() override {
    store_.reset();
    ::alarm(0);
  }

  static ModuleOptions options() {
    ModuleOptions options;
    options.compiler = SKERRY_COMPILER;
    return options;
  }
  void make(ModuleOptions with) {
    ASSERT_TRUE(with.check().ok());
    store_.emplace(io_, home_, std::move(with));
  }

  struct Asked {
    boost::asio::cancellation_signal stop;
    std::optional<Result<Code>> answer;

    bool is_over() const { return answer.has_value(); }
  };

  std::shared_ptr<Asked> ask(const std::string& module, const std::string& tenant = "t",
                             const sandbox::Limits& limits = {}) {
    auto asked = std::make_shared<Asked>();
    boost::asio::co_spawn(
        io_, store_->code_of(tenant, std::make_shared<const std::string>(module), limits),
        boost::asio::bind_cancellation_slot(
            asked->stop.slot(), [asked](const std::exception_ptr& thrown, Result<Code> answer) {
              asked->answer = thrown ? absl::InternalError("thrown") : std::move(answer);
            }));
    return asked;
  }
  Result<Code> answer_of(const std::string& module, const std::string& tenant = "t",
                         const sandbox::Limits& limits = {}) {
    const auto asked = ask(module, tenant, limits);
    EXPECT_TRUE(wait_until([&] { return asked->is_over(); }));
    return asked->answer.value_or(absl::InternalError("no answer"));
  }
  std::string refusal(const std::string& module, const sandbox::Limits& limits = {}) {
    const Status status = answer_of(module, "t", limits).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    return std::string(message_of(status));
  }

  template <typename Condition>
  bool wait_until(const Condition& condition) {
    return testing::wait_until(io_, condition);
  }

  /// Files of native code, of all tenants.
  std::vector<fs::path> files() const {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& each : fs::recursive_directory_iterator(home_.module_cache(), ignored)) {
      if (each.is_regular_file()) files.push_back(each.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  static ino_t inode_of(const Code& code) {
    struct stat info{};
    ::fstat(code->get(), &info);
    return info.st_ino;
  }

  const TestDirectory directory_;
  const runtime::Home home_{directory_.path()};
  boost::asio::io_context io_;
  // Between two requests there is nothing else to do.
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> goes_on_ =
      boost::asio::make_work_guard(io_);
  std::optional<ModuleStore> store_;
};

TEST_F(ModuleStoreTest, SettingOutOfBoundsIsRefused) {
  EXPECT_TRUE(options().check().ok());
  for (const auto& change : std::vector<void (*)(ModuleOptions&)>{
           [](ModuleOptions& wrong) { wrong.compilers = 0; },
           [](ModuleOptions& wrong) { wrong.queue = -1; },
           [](ModuleOptions& wrong) { wrong.kept = kib(1); },
           [](ModuleOptions& wrong) { wrong.cpu = std::chrono::seconds(0); }}) {
    ModuleOptions wrong = options();
    change(wrong);
    EXPECT_EQ(wrong.check().code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(ModuleStoreTest, AModuleIsCompiledOnceForAllWhoAskAtOnceAndLater) {
  const auto one = ask(command(1));
  const auto two = ask(command(1));
  ASSERT_TRUE(wait_until([&] { return one->is_over() && two->is_over(); }));
  ASSERT_TRUE(one->answer->ok() && two->answer->ok()) << one->answer->status();
  EXPECT_EQ(inode_of(**one->answer), inode_of(**two->answer));
  const auto later = answer_of(command(1));
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(store_->compilations(), 1U);
  EXPECT_EQ(::fcntl((*later)->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(files().size(), 2U) << "the code and its seal";
}

TEST_F(ModuleStoreTest, AnotherTenantsSameModuleIsCompiledAnewAndNotShared) {
  const auto one = answer_of(command(1), "one");
  const auto two = answer_of(command(1), "two");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(store_->compilations(), 2U);
  EXPECT_NE(inode_of(*one), inode_of(*two));
  EXPECT_NE(files()[0].parent_path(), files()[2].parent_path());
}

TEST_F(ModuleStoreTest, FuelAndOtherLimitsAreOtherCode) {
  sandbox::Limits metered;
  metered.fuel = 1000;
  sandbox::Limits small;
  small.memory = mib(1);
  EXPECT_TRUE(answer_of(command(1)).ok());
  EXPECT_TRUE(answer_of(command(1), "t", metered).ok());
  EXPECT_TRUE(answer_of(command(1), "t", small).ok());
  EXPECT_EQ(store_->compilations(), 3U);
}

TEST_F(ModuleStoreTest, TamperedCodeIsNotUsedButMadeAnew) {
  ASSERT_TRUE(answer_of(command(1)).ok());
  const fs::path path = files()[0];
  const auto before = read_file(path, mib(64)).value();
  {
    const auto file = open_file(path, O_WRONLY);
    ASSERT_EQ(::pwrite(file->get(), "\xCC", 1, static_cast<off_t>(before.size() / 2)), 1);
  }
  ASSERT_TRUE(answer_of(command(1)).ok());
  EXPECT_EQ(store_->compilations(), 2U);
  EXPECT_TRUE(read_file(path, mib(64)).value() == before);
  fs::remove(path.native() + ".seal");
  ASSERT_TRUE(answer_of(command(1)).ok());
  EXPECT_EQ(store_->compilations(), 3U);
}

TEST_F(ModuleStoreTest, RefusedModulesSayWhyAndAreNotTriedAgain) {
  sandbox::Limits small;
  small.memory = mib(2);
  const std::string large =
      "(module (memory (export \"memory\") 1 100) (func (export \"_start\")))";
  EXPECT_NE(refusal(large, small).find("larger than allowed (limit=2097152 bytes)"),
            std::string::npos);
  EXPECT_TRUE(answer_of(large).ok());
  EXPECT_TRUE(refusal("\x7F"
                      "ELF")
                  .starts_with("Invalid WASM module format"));
  EXPECT_TRUE(refusal("(module (fun))").starts_with("Invalid WASM module text"));
  EXPECT_EQ(refusal("(module)"), "WASM module has no _start entry point");
  EXPECT_EQ(refusal("(module (import \"env\" \"system\" (func)) (func (export \"_start\")))"),
            "unknown import \"env\".\"system\" (func)");
  const std::string table = "(module (table 10001 funcref) (func (export \"_start\")))";
  EXPECT_NE(refusal(table).find("limit=10000 elements"), std::string::npos);
  const auto begun = store_->compilations();
  refusal(table);
  EXPECT_EQ(store_->compilations(), begun);
  EXPECT_EQ(files().size(), 2U) << "of the one that was taken";
}

TEST_F(ModuleStoreTest, WhatTakesTooMuchIsRefused) {
  ModuleOptions hasty = options();
  hasty.cpu = std::chrono::seconds(1);
  make(hasty);
  const std::string why = refusal(slow_command());
  EXPECT_TRUE(why.starts_with("Failed to compile WASM module: ")) << why;
  EXPECT_NE(why.find("1 s of processor time"), std::string::npos) << why;
  EXPECT_TRUE(files().empty());
  EXPECT_TRUE(answer_of(command(1)).ok());
}

TEST_F(ModuleStoreTest, ACompilationGoesWithTheLastWhoWaitsForItAndLeavesNothing) {
  const auto one = ask(slow_command());
  const auto two = ask(slow_command());
  ASSERT_TRUE(wait_until([&] { return store_->waiting() == 2; }));
  one->stop.emit(boost::asio::cancellation_type::terminal);
  ASSERT_TRUE(wait_until([&] { return one->is_over(); }));
  EXPECT_EQ(one->answer->status().code(), StatusCode::kCancelled);
  EXPECT_FALSE(two->is_over());
  two->stop.emit(boost::asio::cancellation_type::terminal);
  const auto asked = std::chrono::steady_clock::now();
  ASSERT_TRUE(wait_until([&] { return two->is_over(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(100));
  EXPECT_EQ(store_->waiting(), 0);
  EXPECT_TRUE(answer_of(command(1)).ok());
  store_.reset();
  EXPECT_EQ(files().size(), 2U) << "of the one that was compiled";
}

TEST_F(ModuleStoreTest, ItGoesWhileItCompiles) {
  const auto asked = ask(slow_command());
  ASSERT_TRUE(wait_until([&] { return store_->compilations() == 1; }));
  store_.reset();
  EXPECT_TRUE(files().empty());
}

TEST_F(ModuleStoreTest, ATenantsQueueIsBoundedAndOthersGoFirst) {
  ModuleOptions narrow = options();
  narrow.compilers = 1;
  narrow.queue = 2;
  make(narrow);
  const auto running = ask(slow_command(), "greedy");
  ASSERT_TRUE(wait_until([&] { return store_->compilations() == 1; }));
  const auto first = ask(command(1), "greedy");
  ASSERT_TRUE(wait_until([&] { return store_->waiting() == 2; }));
  const auto second = ask(command(2), "greedy");
  ASSERT_TRUE(wait_until([&] { return store_->waiting() == 3; }));
  EXPECT_EQ(answer_of(command(3), "greedy").status().code(), StatusCode::kResourceExhausted);
  const auto modest = ask(command(1), "modest");
  ASSERT_TRUE(wait_until([&] { return store_->waiting() == 4; }));
  running->stop.emit(boost::asio::cancellation_type::terminal);
  ASSERT_TRUE(wait_until([&] { return modest->is_over(); }));
  EXPECT_FALSE(second->is_over());
  ASSERT_TRUE(wait_until([&] { return first->is_over() && second->is_over(); }));
  EXPECT_TRUE(modest->answer->ok() && first->answer->ok() && second->answer->ok());
}

TEST_F(ModuleStoreTest, TheOldestCodeGoesWhenATenantHasTooMuch) {
  ModuleOptions small = options();
  small.kept = mib(1);
  make(small);
  const auto body = [](int number) {
    std::string text = "(module (memory 100) (func (export \"_start\") (drop (i32.const " +
                       std::to_string(number) + ")))";
    for (int i = 0; i < 4000; ++i)
      text += "(func (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))";
    return text + ")";
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(answer_of(body(i)).ok());
  std::uint64_t size = 0;
  for (const auto& each : files()) size += fs::file_size(each);
  EXPECT_LE(size, mib(1).value + kib(64).value);
  EXPECT_GT(size, 0U);
}

TEST_F(ModuleStoreTest, WithoutACompilerItSaysSo) {
  make({});
  EXPECT_EQ(answer_of(command(1)).status().code(), StatusCode::kFailedPrecondition);
  make({.compiler = "/nowhere/skerry-compiler"});
  EXPECT_EQ(answer_of(command(1)).status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace skerry::broker
