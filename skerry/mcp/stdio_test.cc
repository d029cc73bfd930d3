// SPDX-License-Identifier: Apache-2.0
// Through pipes, on a runner that runs nothing.
#include "skerry/mcp/stdio.h"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace skerry::mcp {
namespace {

using nlohmann::json;

class StdioTest : public ::testing::Test {
 protected:
  StdioTest() {
    ::alarm(60);
    server_.add(Tool{.description = {{"name", "wait"}},
                     .call = [this](const Request& request, const json& arguments) {
                       return wait(request, arguments.value("ms", 60'000));
                     }});
  }
  ~StdioTest() override { ::alarm(0); }

  /// The lines that are written when the input is these lines, and then ends.
  std::vector<json> answers(const std::vector<std::string>& lines) {
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    EXPECT_EQ(::pipe2(input.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(output.data(), O_CLOEXEC), 0);
    std::string all;
    for (const std::string& each : lines) all += each + "\n";
    std::thread client([&all, to = input[1]] {
      EXPECT_EQ(::write(to, all.data(), all.size()), static_cast<ssize_t>(all.size()));
      ::close(to);
    });
    {
      StdioServer stdio(io_, server_, pool_, {.input = input[0], .output = output[1]}, {});
      stdio.run();
    }
    client.join();
    ::close(output[1]);
    std::string text;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(output[0], piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    ::close(input[0]);
    ::close(output[0]);
    std::vector<json> parsed;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      parsed.push_back(json::parse(text.substr(at, text.find('\n', at) - at)));
    }
    return parsed;
  }

  boost::asio::awaitable<Tool::Outcome> wait(const Request& request, int milliseconds) {
    if (!request.progress_token().is_null()) {
      request.exchange->send(
          notification("notifications/progress",
                       {{"progressToken", request.progress_token()}, {"progress", 1}}));
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    std::chrono::milliseconds(milliseconds));
    auto waiting = timer.async_wait(boost::asio::use_awaitable);
    co_await std::move(waiting);
    co_return ToolResult();
  }

  static std::string call(int id, int milliseconds, const json& meta = json::object()) {
    return json{
        {"jsonrpc", "2.0"},
        {"id", id},
        {"method", "tools/call"},
        {"params", {{"name", "wait"}, {"arguments", {{"ms", milliseconds}}}, {"_meta", meta}}}}
        .dump();
  }

  boost::asio::io_context io_;
  loop::Pool pool_{1};
  Server server_{{.version = "1"}};
};

constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}})";
constexpr const char* kPing = R"({"jsonrpc":"2.0","id":9,"method":"ping"})";
constexpr const char* kDiscover =
    R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{)"
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}}})";

TEST_F(StdioTest, BothErasAreToldApartByTheMessage) {
  const auto told = answers(
      {kInitialize, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", kDiscover, kPing});
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0]["result"]["protocolVersion"], "2025-03-26");
  EXPECT_EQ(told[1]["result"]["resultType"], "complete");
  EXPECT_EQ(told[2], (json{{"jsonrpc", "2.0"}, {"id", 9}, {"result", json::object()}}));
}

TEST_F(StdioTest, WhatIsUnderWayIsAnsweredAfterTheInputsEnd) {
  const auto told = answers({call(1, 50)});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["id"], 1);
}

TEST_F(StdioTest, ARequestThatIsCancelledHasNoAnswer) {
  const auto told =
      answers({call(1, 60'000), call(2, 1),
               R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["id"], 2);
}

TEST_F(StdioTest, NotificationsComeBeforeTheAnswer) {
  const auto told = answers({call(1, 1, {{"progressToken", 5}})});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["params"]["progressToken"], 5);
  EXPECT_EQ(told[1]["id"], 1);
}

TEST_F(StdioTest, BatchesAreForTheRevisionThatHasThem) {
  const std::string batch = std::string("[") + kPing + "," + kPing + "]";
  const auto told = answers({batch, kInitialize, batch});
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0]["error"]["code"], -32600);
  EXPECT_EQ(told[2].size(), 2U);
}

TEST_F(StdioTest, ErrorsOfTheProtocolAreAnswers) {
  const auto told =
      answers({R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})",
               R"({"jsonrpc":"2.0","id":2,"method":"nothing"})"});
  ASSERT_EQ(told.size(), 2U);
  for (const json& each : told) {
    EXPECT_EQ(each["error"]["code"], each["id"] == 1 ? -32602 : -32601) << each;
  }
}

TEST_F(StdioTest, WhatIsNoMessageIsAnError) {
  const auto told = answers({"", "{", "7", std::string(17 << 20, 'x'), kPing});
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0]["error"]["code"], -32700);
  EXPECT_EQ(told[1]["error"]["code"], -32600);
  // A long line is parsed elsewhere, and may be answered last.
  EXPECT_TRUE(told[2]["id"] == 9 || told[3]["id"] == 9);
}

}  // namespace
}  // namespace skerry::mcp
