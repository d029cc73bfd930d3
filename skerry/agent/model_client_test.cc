// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model_client.h"

#include <deque>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"

namespace skerry::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr const char* kKey = "sk-secret";
constexpr const char* kReply =
    R"({"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]})";

/// What a server does with one connection: sends these, with a pause before each, and closes.
struct Play {
  std::vector<std::string> pieces = {};
  milliseconds pause{0};
  bool stays = false;  ///< never closes
};

std::string response(int status, const std::string& type, const std::string& body,
                     const std::string& more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string stream_head() { return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"; }
std::string event(const std::string& data) { return "data: " + data + "\n\n"; }
std::string delta(const std::string& text) {
  return event(R"({"choices":[{"delta":{"content":")" + text + R"("}}]})");
}

class ModelClientTest : public ::testing::Test {
 protected:
  ModelClientTest() : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    options_ = {
        .base_url = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/v1",
        .api_key = kKey,
        .model = "m",
        .connect_time = milliseconds(300),
        .first_byte_time = milliseconds(300),
        .pause_time = milliseconds(300),
        .query_time = milliseconds(2000)};
    asio::co_spawn(io_, serve(), asio::detached);
  }

  void plays(Play play) { plays_.push_back(std::move(play)); }

  /// The client's answer to one question, streamed if text is to be seen.
  Result<ModelReply> ask(TextCallback seen = {}) {
    auto client = ModelClient::make(io_, options_);
    EXPECT_TRUE(client.ok()) << client.status();
    ModelRequest request{.model = "m", .messages = {{.content = "q"}}};
    request.deadline = Clock::now() + options_.query_time;
    std::optional<Result<ModelReply>> answer;
    const auto begun = Clock::now();
    asio::co_spawn(io_, (*client)->ask(std::move(request), std::move(seen)),
                   asio::bind_cancellation_slot(stop_.slot(), [&](const std::exception_ptr& thrown,
                                                                  Result<ModelReply> reply) {
                     EXPECT_FALSE(thrown);
                     answer = std::move(reply);
                   }));
    io_.restart();
    while (!answer && io_.run_one() > 0) {
    }
    took_ = std::chrono::duration_cast<milliseconds>(Clock::now() - begun);
    EXPECT_THAT(std::string(message_of(answer->status())), Not(HasSubstr(kKey)));
    return *answer;
  }
  void expect(StatusCode code, const char* why, const TextCallback& seen = {}) {
    const auto reply = ask(seen);
    EXPECT_EQ(reply.status().code(), code) << reply.status();
    EXPECT_THAT(std::string(message_of(reply.status())), HasSubstr(why));
  }

  asio::awaitable<void> serve() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      asio::co_spawn(io_, play(std::move(socket)), asio::detached);
    }
  }
  asio::awaitable<void> play(tcp::socket socket) {
    Play play;
    if (!plays_.empty()) {
      play = std::move(plays_.front());
      plays_.pop_front();
    }
    std::string request(65536, '\0');
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(request), kTuple);
    requests_.push_back(request.substr(0, size));
    for (std::string& piece : play.pieces) {
      asio::steady_timer pause(io_, play.pause);
      (void)co_await pause.async_wait(kTuple);
      const auto [failed, written] =
          co_await asio::async_write(socket, asio::buffer(piece), kTuple);
      if (failed) co_return;
    }
    if (play.stays) kept_.push_back(std::move(socket));
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::cancellation_signal stop_;
  ModelOptions options_;
  std::deque<Play> plays_;
  std::vector<std::string> requests_;
  std::vector<tcp::socket> kept_;
  milliseconds took_{0};
};

const TextCallback kListens = [](std::string_view) {};

TEST_F(ModelClientTest, AsksAsItIsSetUp) {
  plays({{response(200, "application/json; charset=utf-8", kReply)}});
  const auto reply = ask();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "hi");
  EXPECT_THAT(requests_[0], HasSubstr("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr("Authorization: Bearer sk-secret\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr(R"("messages":[{"role":"user","content":"q"}])"));
}

TEST_F(ModelClientTest, StreamsTextWhileItComesAndHangsUpAfterDone) {
  plays(
      {.pieces = {stream_head(), delta("Hel").substr(0, 9), delta("Hel").substr(9) + delta("lo"),
                  event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})") + event("[DONE]")},
       .pause = milliseconds(50),
       .stays = true});
  std::vector<std::string> seen;
  const auto reply = ask([&](std::string_view text) { seen.emplace_back(text); });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "Hello");
  EXPECT_THAT(seen, ::testing::ElementsAre("Hel", "lo"));
}

TEST_F(ModelClientTest, TakesAWholeReplyFromAServerThatDoesNotStream) {
  plays({{response(200, "application/json", kReply)}});
  std::string seen;
  ASSERT_TRUE(ask([&](std::string_view text) { seen += text; }).ok());
  EXPECT_EQ(seen, "hi");
}

TEST_F(ModelClientTest, AServerThatIsNotThereIsUnavailable) {
  acceptor_.close();
  expect(StatusCode::kUnavailable, "does not take a connection");
}

TEST_F(ModelClientTest, ANameThatNobodyHasIsUnavailable) {
  options_.base_url = "https://nobody.invalid/v1";
  options_.connect_time = milliseconds(5000);
  options_.query_time = milliseconds(5000);
  const auto reply = ask();
  EXPECT_THAT(std::string(message_of(reply.status())), HasSubstr("the model server's name"));
}

TEST_F(ModelClientTest, ServersThatAreSlowEndAtTheirTime) {
  plays({.stays = true});
  expect(StatusCode::kDeadlineExceeded, "does not answer in time", kListens);
  EXPECT_LT(took_.count(), 1000);
  plays({.pieces = {stream_head(), delta("a")}, .stays = true});
  expect(StatusCode::kDeadlineExceeded, "breaks off its answer in time", kListens);
  // A byte at a time never pauses for long: the head has a time of its own, the body the query's.
  Play drops{.pause = milliseconds(100), .stays = true};
  for (const char each : stream_head()) drops.pieces.emplace_back(1, each);
  plays(drops);
  expect(StatusCode::kDeadlineExceeded, "does not answer in time", kListens);
  Play comments{.pieces = {stream_head()}, .pause = milliseconds(100), .stays = true};
  for (int i = 0; i < 100; ++i) comments.pieces.emplace_back(": still there\n\n");
  plays(comments);
  options_.query_time = milliseconds(900);
  expect(StatusCode::kDeadlineExceeded, "in time", kListens);
  EXPECT_LT(took_.count(), 1500);
}

TEST_F(ModelClientTest, EndlessAnswersEnd) {
  Play endless{.pieces = {stream_head()}, .stays = true};
  for (int i = 0; i < 40; ++i) endless.pieces.push_back(delta(std::string(100'000, 'x')));
  plays(endless);
  options_.query_time = milliseconds(20'000);
  expect(StatusCode::kUnavailable, "bytes of content", kListens);
  plays({.pieces = {stream_head(), "data: " + std::string(5 << 20, 'x')}, .stays = true});
  expect(StatusCode::kUnavailable, "an event has more than", kListens);
  plays({.pieces = {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}, .stays = true});
  expect(StatusCode::kUnavailable, "does not answer: ");
  plays({.pieces = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" +
                    std::string(17 << 20, ' ')},
         .stays = true});
  expect(StatusCode::kUnavailable, "answers with more than");
}

TEST_F(ModelClientTest, LiesAreUnavailable) {
  plays({{"SSH-2.0-OpenSSH\r\n"}});
  expect(StatusCode::kUnavailable, "does not answer: ");
  plays({{}});
  expect(StatusCode::kUnavailable, "does not answer: ");
  plays({{response(200, "text/html", "<html>")}});
  expect(StatusCode::kUnavailable, "of the type \"text/html\"");
  plays({{response(200, "application/json", kReply, "Content-Encoding: gzip\r\n")}});
  expect(StatusCode::kUnavailable, "compressed");
  plays({{response(200, "application/json", "{")}});
  expect(StatusCode::kUnavailable, "not JSON");
  plays({{response(200, "application/json", kReply).substr(0, 120)}});
  expect(StatusCode::kUnavailable, "breaks off its answer");
  plays({{stream_head(), delta("cut")}});
  expect(StatusCode::kUnavailable, "without a finish_reason", kListens);
  plays({{stream_head(), delta("x"), event(R"({"error":{"message":"overloaded"}})")}});
  expect(StatusCode::kUnavailable, "overloaded", kListens);
}

TEST_F(ModelClientTest, RefusalsSayWhatToDoAndNeverTheKey) {
  const auto error = [](const std::string& said) {
    return R"({"error":{"message":")" + said + R"("}})";
  };
  plays({{response(401, "application/json", error("bad key sk-secret"))}});
  expect(StatusCode::kFailedPrecondition, "LLM_API_KEY");
  plays({{response(308, "text/plain", "", "Location: http://elsewhere/sk-secret\r\n")}});
  expect(StatusCode::kFailedPrecondition, "redirects (308)");
  plays({{response(404, "application/json", error("no model m"))}});
  expect(StatusCode::kFailedPrecondition, "no model m");
  plays({{response(400, "application/json", error("too long for sk-secret"))}});
  expect(StatusCode::kInvalidArgument, "too long for [key]");
  plays({{response(500, "text/html", "<html>")}});
  expect(StatusCode::kUnavailable, "fails (500)");
  plays({{response(429, "application/json", error("slow down"))}});
  expect(StatusCode::kResourceExhausted, "slow down");
}

TEST_F(ModelClientTest, ABusyServerIsAskedOnceMoreWhenItSaysSo) {
  plays({{response(429, "text/plain", "", "Retry-After: 1\r\n")}});
  plays({{response(200, "application/json", kReply)}});
  EXPECT_TRUE(ask().ok());
  EXPECT_GE(took_.count(), 1000);
  plays({{response(503, "text/plain", "", "Retry-After: 0\r\n")}});
  plays({{response(503, "text/plain", "", "Retry-After: 7\r\n")}});
  const auto twice = ask();
  EXPECT_EQ(twice.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(retry_after(twice.status()), std::chrono::seconds(7));
  EXPECT_EQ(requests_.size(), 4U);
}

TEST_F(ModelClientTest, ItDoesNotWaitForWhatComesTooLate) {
  plays({{response(429, "text/plain", "", "Retry-After: 3600\r\n")}});
  const auto reply = ask();
  EXPECT_EQ(retry_after(reply.status()), std::chrono::seconds(3600));
  EXPECT_LT(took_.count(), 1000);
  EXPECT_EQ(requests_.size(), 1U);
  plays({{response(429, "text/plain", "", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n")}});
  plays({{response(200, "application/json", kReply)}});
  EXPECT_TRUE(ask().ok());
}

TEST_F(ModelClientTest, ACancelledWaitEndsAtOnce) {
  for (const Play& play :
       {Play{.stays = true}, Play{.pieces = {stream_head()}, .stays = true},
        Play{.pieces = {response(429, "text/plain", "", "Retry-After: 1\r\n")}}}) {
    plays(play);
    asio::steady_timer soon(io_, milliseconds(50));
    soon.async_wait(
        [&](const boost::system::error_code&) { stop_.emit(asio::cancellation_type::terminal); });
    expect(StatusCode::kCancelled, "cancelled", kListens);
    EXPECT_LT(took_.count(), 200);
  }
}

TEST_F(ModelClientTest, WhatCannotBeTrustedIsNotToldTheKey) {
  options_.base_url.replace(0, 4, "https");
  plays({{"this is no TLS, whatever was said\r\n"}});
  expect(StatusCode::kUnavailable, "cannot be trusted or speaks no TLS");
  EXPECT_THAT(requests_.at(0), Not(HasSubstr(kKey)));
}

}  // namespace
}  // namespace skerry::agent
