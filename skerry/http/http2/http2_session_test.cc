// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/http2/http2_session.h"

#include <functional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "skerry/http/http2/http2_client.h"
#include "skerry/http/http2/http2_connection.h"

namespace skerry::http {
namespace {

using ::testing::HasSubstr;

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift & 0xFF);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift & 0xFF);
  return bytes.append(payload);
}

const std::string kClientBegins = std::string(kHttp2Preface) + frame(NGHTTP2_SETTINGS, 0, 0, "");

/// A head that nghttp2's static table has, but for the last: GET / of http, from a.
const std::string kHead =
    "\x82\x84\x86\x01\x01"
    "a";

class Http2SessionTest : public ::testing::Test, public Http2Session::Owner {
 protected:
  void on_request(std::shared_ptr<Http2Stream> stream) override {
    requests_.push_back(stream);
    if (respond_) respond_(*stream);
  }
  void on_output() override {}
  void on_trust() override { is_trusted_ = true; }
  void on_unsent() override {}

  /// Passes bytes between client and server until neither has more.
  bool exchange() {
    bool goes_on = true;
    for (;;) {
      io_.poll();
      io_.restart();
      const std::string asked = client_.output();
      if (!asked.empty()) goes_on = server_.receive(asked) && goes_on;
      const std::string answered = server_.output();
      if (!answered.empty()) {
        EXPECT_TRUE(client_.receive(answered).ok());
      }
      if (asked.empty() && answered.empty()) return goes_on;
    }
  }
  std::int32_t ask(const std::string& target, const std::string& body = "", Headers headers = {}) {
    return client_.submit({.method = body.empty() ? "GET" : "POST",
                           .target = target,
                           .host = "localhost",
                           .headers = std::move(headers)},
                          body);
  }
  static void answer(Http2Stream& stream, const std::string& body) {
    stream.respond(200, {{"x-y", "z"}}, Http2Stream::End::kNo);
    stream.write(body);
    stream.finish();
  }
  /// The error code of the last GOAWAY among the server's output; -1: there was none.
  static int goaway_in(std::string_view bytes) {
    int code = -1;
    while (bytes.size() >= 9) {
      const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
      const std::size_t size = static_cast<std::size_t>(at(0) << 16 | at(1) << 8 | at(2));
      if (at(3) == NGHTTP2_GOAWAY) code = at(16);
      bytes.remove_prefix(std::min(bytes.size(), 9 + size));
    }
    return code;
  }
  /// Sends a piece again and again until the server ends the connection; -1 when it does not.
  int goaway_after(const std::string& piece, int times) {
    server_.receive(kClientBegins);
    int code = -1;
    for (int i = 0; i < times && code < 0; ++i) {
      server_.receive(piece);
      code = goaway_in(server_.output());
    }
    return code;
  }

  boost::asio::io_context io_;
  Connections all_{ServerLimits{.header = kib(16)}};
  Http2Session server_{io_.get_executor(), all_, *this};
  Http2Client client_;
  std::vector<std::shared_ptr<Http2Stream>> requests_;
  std::function<void(Http2Stream&)> respond_;
  bool is_trusted_ = false;
};

TEST_F(Http2SessionTest, AnswersRequestsOnOneConnectionAtOnce) {
  respond_ = [](Http2Stream& stream) { answer(stream, "to " + stream.head().target); };
  const auto first = ask("/a", "", {{"x-api-key", "k"}});
  const auto second = ask("/b");
  EXPECT_TRUE(exchange());
  EXPECT_EQ(requests_.at(0)->head().headers.get("x-api-key"), "k");
  EXPECT_EQ(requests_.at(0)->head().host, "localhost");
  for (const auto& [request, body] : {std::pair(first, "to /a"), {second, "to /b"}}) {
    const auto reply = client_.take(request);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->headers.get("x-y"), "z");
    EXPECT_EQ(reply->body, body);
  }
  EXPECT_FALSE(server_.has_streams());
  EXPECT_TRUE(requests_.at(0)->is_over());
}

TEST_F(Http2SessionTest, SendsTrailersBehindTheBody) {
  respond_ = [](Http2Stream& stream) {
    stream.respond(200, {}, Http2Stream::End::kNo);
    stream.write("body");
    stream.finish({{"grpc-status", "0"}});
  };
  const auto request = ask("/a");
  exchange();
  const auto reply = client_.take(request).value();
  EXPECT_EQ(reply.body, "body");
  EXPECT_EQ(reply.trailers.get("grpc-status"), "0");
}

TEST_F(Http2SessionTest, ReadsABodyAsItComesAndLetsMoreCome) {
  const std::string body(5'000'000, 'x');
  std::string read;
  respond_ = [&](Http2Stream& stream) {
    boost::asio::co_spawn(
        io_,
        [&read, self = stream.shared_from_this()]() -> boost::asio::awaitable<void> {
          for (;;) {
            auto reading = self->read(std::chrono::seconds(5));
            const auto piece = co_await std::move(reading);
            if (!piece.ok() || piece->empty()) break;
            EXPECT_LE(piece->size(), 262'144U);
            read += *piece;
          }
          answer(*self, "done");
        },
        boost::asio::detached);
  };
  const auto request = ask("/a", body);
  exchange();
  EXPECT_EQ(client_.take(request)->body, "done");
  EXPECT_EQ(read, body);
}

TEST_F(Http2SessionTest, ABodyThatIsNotReadStopsAtTheWindow) {
  ask("/a", std::string(5'000'000, 'x'));
  exchange();
  ASSERT_EQ(requests_.size(), 1U);
  const std::uint64_t head = 1000;
  EXPECT_LE(all_.body_bytes(), 65'535U + head) << "of a connection that has shown no key";
  requests_[0]->trust();
  EXPECT_TRUE(is_trusted_);
  exchange();
  EXPECT_GT(all_.body_bytes(), 200'000U);
  EXPECT_LE(all_.body_bytes(), 262'144U + head);
}

TEST_F(Http2SessionTest, ARefusalBeforeTheBodyEndsTheStream) {
  respond_ = [](Http2Stream& stream) { stream.respond(401, {}, Http2Stream::End::kYes); };
  const auto request = ask("/a", std::string(5'000'000, 'x'));
  exchange();
  EXPECT_EQ(client_.take(request)->status, 401);
  requests_.clear();
  EXPECT_EQ(all_.body_bytes(), 0U);
}

TEST_F(Http2SessionTest, AClientThatGivesUpCancelsItsHandler) {
  bool is_cancelled = false;
  respond_ = [&](Http2Stream& stream) {
    stream.slot().assign([&](boost::asio::cancellation_type) { is_cancelled = true; });
  };
  const auto request = ask("/a");
  exchange();
  nghttp2_submit_rst_stream(client_.session(), 0, request, NGHTTP2_CANCEL);
  exchange();
  EXPECT_TRUE(is_cancelled);
  EXPECT_TRUE(requests_[0]->is_over());
  requests_[0]->write("to nobody");  // is dropped
  EXPECT_EQ(requests_[0]->unsent(), 0U);
}

TEST_F(Http2SessionTest, AReaderThatStopsIsEndedAndHoldsBackItsOtherRequests) {
  // The client's windows are those of the protocol, 64 KiB.
  const std::string begins = kClientBegins + frame(NGHTTP2_HEADERS, 5, 1, kHead);
  respond_ = [](Http2Stream& stream) { answer(stream, std::string(2'000'000, 'x')); };
  EXPECT_TRUE(server_.receive(begins));
  while (!server_.output().empty()) {
  }
  EXPECT_EQ(server_.unsent(), 2'000'000U - 65'535U);
  server_.receive(frame(NGHTTP2_HEADERS, 5, 3, kHead));
  EXPECT_EQ(requests_.size(), 1U) << "the second waits";
  const auto now = Http2Session::Clock::now();
  server_.check(now + std::chrono::seconds(29));
  EXPECT_FALSE(requests_[0]->is_over());
  server_.check(now + std::chrono::seconds(31));
  while (!server_.output().empty()) {
  }
  EXPECT_TRUE(requests_[0]->is_over());
  EXPECT_EQ(requests_.size(), 2U);
}

TEST_F(Http2SessionTest, SeveralMayWaitUntilAReaderHasTakenEnough) {
  const std::size_t size = 2'000'000;
  std::vector<std::size_t> done;
  const auto wait = [&](std::size_t most) -> boost::asio::awaitable<void> {
    auto draining = requests_.at(0)->drained(most);
    EXPECT_TRUE(co_await std::move(draining));
    EXPECT_LE(requests_.at(0)->unsent(), most);
    done.push_back(most);
  };
  respond_ = [&](Http2Stream& stream) {
    stream.respond(200, {}, Http2Stream::End::kNo);
    stream.write(std::string(size, 'x'));
  };
  server_.receive(kClientBegins + frame(NGHTTP2_HEADERS, 5, 1, kHead));
  for (const std::size_t most : {std::size_t{0}, size / 2}) {
    boost::asio::co_spawn(io_, wait(most), boost::asio::detached);
  }
  int handlers = 0;
  while (handlers < 100 && io_.poll_one() > 0) ++handlers;
  EXPECT_LT(handlers, 100) << "they wake each other";
  EXPECT_TRUE(done.empty());
  // The windows of the protocol are 64 KiB: as much goes out each time that the client lets more.
  const std::string more("\0\0\xFF\xFF", 4);
  for (std::size_t sent = 0; sent < size; sent += 0xFFFF) {
    while (!server_.output().empty()) {
    }
    server_.receive(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, more) +
                    frame(NGHTTP2_WINDOW_UPDATE, 0, 1, more));
    io_.restart();
    io_.poll();
  }
  EXPECT_EQ(done, (std::vector<std::size_t>{size / 2, 0}));
}

TEST_F(Http2SessionTest, ALargeHeadIsToldAndAHugeOneEndsTheConnection) {
  respond_ = [](Http2Stream& stream) {
    stream.respond(stream.head_fault() == Http2Stream::HeadFault::kTooLarge ? 431 : 200, {},
                   Http2Stream::End::kYes);
  };
  const auto good = ask("/a", "", {{"x", std::string(10'000, 'v')}});
  const auto large = ask("/a", "", {{"x", std::string(20'000, 'v')}});
  exchange();
  EXPECT_EQ(client_.take(good)->status, 200);
  EXPECT_EQ(client_.take(large)->status, 431);
  EXPECT_TRUE(requests_[1]->head().headers.empty());

  // A field in the dynamic table, named by one byte each time: 4 KB from each byte.
  std::string block = kHead + "\x40\x01" + "a" + "\x7F\xA1\x1E" + std::string(4000, 'v');
  block += std::string(10'000, '\xBE');
  EXPECT_FALSE(server_.receive(frame(NGHTTP2_HEADERS, 5, 99, block)));
  EXPECT_EQ(goaway_in(server_.output()), NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(Http2SessionTest, FloodsEndTheConnection) {
  std::uint32_t stream = 1;
  server_.receive(kClientBegins);
  bool goes_on = true;
  for (int i = 0; i < 5000 && goes_on; ++i, stream += 2) {
    goes_on = server_.receive(frame(NGHTTP2_HEADERS, 5, stream, kHead) +
                              frame(NGHTTP2_RST_STREAM, 0, stream, std::string("\0\0\0\x08", 4)));
    if (goes_on) server_.output();
  }
  EXPECT_FALSE(goes_on) << "rapid reset";
  EXPECT_LT(requests_.size(), 1200U);
}

TEST_F(Http2SessionTest, AFloodOfPingsThatReadsNoAnswersEndsTheConnection) {
  server_.receive(kClientBegins);
  std::string pings;
  for (int i = 0; i < 2000; ++i) pings += frame(NGHTTP2_PING, 0, 0, "12345678");
  EXPECT_FALSE(server_.receive(pings));
  EXPECT_EQ(goaway_in(server_.output()), NGHTTP2_ENHANCE_YOUR_CALM);
}

class FloodTest : public Http2SessionTest,
                  public ::testing::WithParamInterface<std::pair<const char*, std::string>> {};

TEST_P(FloodTest, EndsTheConnectionThoughItReadsTheAnswers) {
  std::string piece;
  for (int i = 0; i < 1000; ++i) piece += GetParam().second;
  EXPECT_GE(goaway_after(piece, 200), 0) << GetParam().first;
}

INSTANTIATE_TEST_SUITE_P(
    Frames, FloodTest,
    ::testing::Values(
        std::pair("PING", frame(NGHTTP2_PING, 0, 0, "12345678")),
        std::pair("SETTINGS", frame(NGHTTP2_SETTINGS, 0, 0, "")),
        std::pair("many settings", frame(NGHTTP2_SETTINGS, 0, 0, std::string(6 * 100, '\0'))),
        std::pair("WINDOW_UPDATE of nothing",
                  frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string(4, 0))),
        std::pair("PRIORITY", frame(NGHTTP2_PRIORITY, 0, 1, std::string("\0\0\0\0\1", 5))),
        std::pair("DATA of no stream", frame(NGHTTP2_DATA, 0, 1, ""))),
    [](const auto& flood) { return "Flood" + std::to_string(flood.index); });

TEST_F(Http2SessionTest, AHeadInManyPiecesEndsTheConnection) {
  server_.receive(kClientBegins);
  bool goes_on = server_.receive(frame(NGHTTP2_HEADERS, 1, 1, kHead));
  for (int i = 0; i < 100 && goes_on; ++i) {
    goes_on = server_.receive(frame(NGHTTP2_CONTINUATION, 0, 1, ""));
  }
  EXPECT_FALSE(goes_on);
}

TEST_F(Http2SessionTest, EmptyPiecesOfABodyEndTheConnection) {
  server_.receive(kClientBegins + frame(NGHTTP2_HEADERS, 4, 1, kHead));
  std::string piece;
  for (int i = 0; i < 1000; ++i) piece += frame(NGHTTP2_DATA, 0, 1, "");
  bool goes_on = true;
  for (int i = 0; i < 100 && goes_on; ++i) goes_on = server_.receive(piece);
  EXPECT_FALSE(goes_on);
}

TEST_F(Http2SessionTest, AnHonestClientMayPingForEachOfManyMessages) {
  respond_ = [](Http2Stream& stream) { answer(stream, "x"); };
  for (int i = 0; i < 2000; ++i) {
    const auto request = ask("/a");
    nghttp2_submit_ping(client_.session(), 0, nullptr);
    ASSERT_TRUE(exchange());
    ASSERT_EQ(client_.take(request)->body, "x");
  }
}

TEST_F(Http2SessionTest, WhatIsNotHttp2EndsTheConnection) {
  EXPECT_FALSE(server_.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST_F(Http2SessionTest, AfterStopRequestsUnderWayAreAnsweredAndNoneBegin) {
  ask("/a");
  exchange();
  server_.stop();
  answer(*requests_[0], "late");
  exchange();
  EXPECT_FALSE(server_.has_streams());
  EXPECT_EQ(requests_.size(), 1U);
}

}  // namespace
}  // namespace skerry::http
