// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/toolbox.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "skerry/base/utf8.h"
#include "skerry/tool/arithmetic/calculator.h"
#include "skerry/tool/test_call.h"

namespace skerry::tool {
namespace {

/// Repeats what it gets, and says that this is dangerous.
class Echo final : public Tool {
 public:
  const Definition& definition() const override {
    static const Definition kDefinition{.name = "echo",
                                        .version = "1",
                                        .description = "Says it again",
                                        .category = "test",
                                        .parameters = {{.name = "text", .is_required = true}},
                                        .tags = {"Parrot"},
                                        .is_dangerous = true};
    return kDefinition;
  }
  boost::asio::awaitable<ToolResult> call(Arguments arguments, access::Principal caller,
                                          OutputCallback on_output) override {
    if (on_output) on_output(wasi::Stream::kStdout, "now");
    co_return ToolResult{.output = caller.tenant + ": " + arguments.text("text")};
  }
};

class ToolboxTest : public ::testing::Test {
 protected:
  ToolboxTest() {
    tools_.add(std::make_unique<Calculator>());
    tools_.add(std::make_unique<Echo>());
  }

  std::vector<std::string> names(const Search& search) const {
    std::vector<std::string> names;
    for (const Definition* each : tools_.search(search)) names.push_back(each->name);
    return names;
  }
  ToolResult call(const std::string& name, const nlohmann::json& parameters,
                  OutputCallback on_output = {}) const {
    return testing::finish(tools_.call(name, parameters, {.tenant = "t"}, std::move(on_output)));
  }

  using Names = std::vector<std::string>;
  Toolbox tools_;
};

TEST_F(ToolboxTest, FindsByEveryCriterion) {
  EXPECT_EQ(names({}), (Names{"calculator", "echo"}));
  EXPECT_EQ(names({.query = "PARROT"}), Names{"echo"});
  EXPECT_EQ(names({.query = "arithmetic"}), Names{"calculator"});
  EXPECT_EQ(names({.query = "nothing like it"}), Names{});
  EXPECT_EQ(names({.categories = {"test", "other"}}), Names{"echo"});
  EXPECT_EQ(names({.tags = {"math"}}), Names{"calculator"});
  EXPECT_EQ(names({.excludes_dangerous = true}), Names{"calculator"});
  EXPECT_EQ(names({.most = 1}), Names{"calculator"});
  EXPECT_EQ(tools_.find("echo")->name, "echo");
  EXPECT_EQ(tools_.find("ech"), nullptr);
}

TEST_F(ToolboxTest, CallsWithTheCallerAndPassesOutputOn) {
  std::string on_output;
  const ToolResult result = call("echo", {{"text", "hi"}},
                                 [&](wasi::Stream, std::string_view text) { on_output += text; });
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(result.output, "t: hi");
  EXPECT_EQ(on_output, "now");
  EXPECT_GT(result.took.count(), 0);
}

TEST_F(ToolboxTest, WhatCannotBeCalledSaysWhy) {
  EXPECT_EQ(call("no", {}).verdict, Verdict::kUnknownTool);
  EXPECT_EQ(call("no", {}).error, "Tool not found: no");
  EXPECT_TRUE(is_utf8(call(std::string(127, 'x') + "\xFF\xFF", {}).error));
  EXPECT_EQ(call("echo", {{"txt", "hi"}}).verdict, Verdict::kInvalid);
  EXPECT_EQ(call("echo", nlohmann::json::array()).verdict, Verdict::kInvalid);
}

/// Waits until it is cancelled.
class Sleeper final : public Tool {
 public:
  const Definition& definition() const override {
    static const Definition kDefinition{.name = "sleep",
                                        .version = "1",
                                        .description = "Waits",
                                        .category = "test",
                                        .parameters = {}};
    return kDefinition;
  }
  boost::asio::awaitable<ToolResult> call(Arguments, access::Principal, OutputCallback) override {
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    co_await never.async_wait(boost::asio::use_awaitable);
    co_return ToolResult{};
  }
};

TEST_F(ToolboxTest, NoCallTakesLongerThanAllMay) {
  tools_.add(std::make_unique<Sleeper>());
  tools_.limit_time(std::chrono::seconds(1));
  const ToolResult late = call("sleep", nlohmann::json::object());
  EXPECT_EQ(late.verdict, Verdict::kTimeout);
  EXPECT_EQ(late.error.substr(0, 15), "request_timeout");
  EXPECT_EQ(call("calculator", {{"expression", "1+1"}}).output.at("result"), 2);
}

/// May be called twice a minute.
class Rare final : public Tool {
 public:
  const Definition& definition() const override {
    static const Definition kDefinition{.name = "rare",
                                        .version = "1",
                                        .description = "Seldom",
                                        .category = "test",
                                        .parameters = {},
                                        .calls_per_minute = 2};
    return kDefinition;
  }
  boost::asio::awaitable<ToolResult> call(Arguments, access::Principal, OutputCallback) override {
    co_return ToolResult{};
  }
};

TEST_F(ToolboxTest, ATurnOfAToolIsEachKeysOwn) {
  tools_.add(std::make_unique<Rare>());
  const auto verdict = [&](const access::Principal& caller) {
    return testing::finish(tools_.call("rare", nlohmann::json::object(), caller, {})).verdict;
  };
  for (const access::Principal& caller :
       {access::Principal{.tenant = "a"}, access::Principal{.tenant = "b"},
        access::Principal{.tenant = "a", .key = "1"},
        access::Principal{.tenant = "a", .key = "2"}}) {
    EXPECT_EQ(verdict(caller), Verdict::kOk);
    EXPECT_EQ(verdict(caller), Verdict::kOk);
    EXPECT_EQ(verdict(caller), Verdict::kBusy);
  }
  EXPECT_EQ(call("calculator", {{"expression", "1+1"}}).verdict, Verdict::kOk);
}

}  // namespace
}  // namespace skerry::tool
