// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/server.h"

#include <array>
#include <functional>
#include <future>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"
#include "skerry/http/http2/http2_client.h"

namespace skerry::http {
namespace {

using boost::asio::awaitable;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Knows one key.
class OneKey final : public access::Authorizer {
 public:
  bool is_open() const override { return false; }
  Result<access::Principal> principal_of(std::string_view key) const override {
    if (key == "k") return access::Principal{.tenant = "t"};
    return absl::UnauthenticatedError("this key is not known");
  }
  Allowed allowed(const access::Principal&) const override { return {}; }
};

/// A body of three pieces, the last of which may fail.
class Pieces final : public BodySource {
 public:
  explicit Pieces(bool fails) : fails_(fails) {}
  awaitable<Result<std::string>> next() override {
    if (++pieces_ == 3 && fails_) co_return absl::DataLossError("");
    co_return pieces_ <= 3 ? std::string(1000, static_cast<char>('a' + pieces_)) : std::string();
  }

 private:
  bool fails_;
  int pieces_ = 0;
};

class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    is_connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  void send(std::string_view text) { (void)skerry::write_all(socket_.get(), as_bytes(text)); }
  /// All that comes until the connection ends.
  std::string read_all() {
    std::string all;
    for (;;) {
      std::array<char, 4096> buffer;
      const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  /// Some of what comes; empty when the connection has ended.
  std::string read() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  bool is_ended() { return read().empty(); }

 private:
  OwnedFd socket_;
  bool is_connected_ = false;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    router_.guard(keys_);
    add("GET", "/open", true, [](Request) { return Response{.body = "open"}; });
    add("POST", "/echo", false,
        [](Request request) { return Response{.body = request.principal.tenant + request.body}; });
    add("GET", "/pieces", true,
        [](Request) { return Response{.body = "0", .source = std::make_shared<Pieces>(false)}; });
    add("GET", "/broken", true,
        [](Request) { return Response{.body = "0", .source = std::make_shared<Pieces>(true)}; });
    router_.add({.method = "GET",
                 .path = "/events",
                 .summary = "",
                 .is_open = true,
                 .handler = [](Request, EventStream& events) -> awaitable<std::optional<Response>> {
                   events.send({.name = "one", .data = "1"});
                   events.send({.name = "two", .data = "2", .id = "7"});
                   co_return std::nullopt;
                 }});
    router_.add({.method = "GET",
                 .path = "/slow",
                 .summary = "",
                 .is_open = true,
                 .handler = [this](Request, EventStream&) -> awaitable<std::optional<Response>> {
                   boost::asio::steady_timer timer(io_, std::chrono::minutes(1));
                   co_await timer.async_wait(boost::asio::use_awaitable);
                   co_return Response{};
                 }});
    operations_.add({.method = "GET",
                     .path = "/health",
                     .summary = "",
                     .is_open = true,
                     .handler = [](Request, EventStream&) -> awaitable<std::optional<Response>> {
                       co_return Response{.body = "well"};
                     }});
  }
  ~ServerTest() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void add(const char* method, const char* path, bool is_open,
           std::function<Response(Request)> respond) {
    router_.add(
        {.method = method,
         .path = path,
         .summary = "",
         .max_body = 100'000,
         .is_open = is_open,
         .handler = [respond](Request request, EventStream&) -> awaitable<std::optional<Response>> {
           co_return respond(request);
         }});
  }
  void start(const ServerLimits& limits = {}) {
    const auto any = Address::parse("127.0.0.1:0").value();
    server_ = Server::start(io_,
                            {{any, {.router = &router_}},
                             {any, {.router = &operations_, .kind = PortKind::kOperations}},
                             {any, {}}},
                            limits)
                  .value();
    thread_ = std::thread([this] { io_.run(); });
  }
  int port() const { return server_->ports()[0]; }
  int operations_port() const { return server_->ports()[1]; }

  std::string ask(const std::string& head, const std::string& body = "", int at = 0) {
    Client client(at == 0 ? port() : at);
    client.send(head + "\r\nHost: localhost\r\nConnection: close\r\n" +
                (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                "\r\n" + body);
    return client.read_all();
  }
  Http2Client::Reply ask2(RequestHead head, const std::string& body = "") {
    head.host = "localhost";
    const auto client = BlockingHttp2Client::connect(port()).value();
    return client->ask(head, body).value();
  }

  boost::asio::io_context io_;
  OneKey keys_;
  Router router_;
  Router operations_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(ServerTest, OnePortSpeaksBothVersions) {
  start();
  EXPECT_THAT(ask("GET /open HTTP/1.1"), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("open")));
  const auto reply = ask2({.method = "GET", .target = "/open"});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "open");
}

TEST_F(ServerTest, AKeyIsNeededWhereTheRouteIsNotOpen) {
  start();
  EXPECT_THAT(ask("POST /echo HTTP/1.1", "x"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nX-API-Key: k", "x"), EndsWith("tx"));
  EXPECT_EQ(ask2({.method = "POST", .target = "/echo"}, "x").status, 401);
  const RequestHead keyed{.method = "POST", .target = "/echo", .headers = {{"x-api-key", "k"}}};
  EXPECT_EQ(ask2(keyed, "x").body, "tx");
}

TEST_F(ServerTest, ABodyLargerThanItsRouteTakesIsRefused) {
  start();
  const std::string fits(100'000, 'x');
  const std::string large(100'001, 'x');
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nX-API-Key: k", fits), EndsWith("tx" + fits.substr(1)));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nX-API-Key: k", large), StartsWith("HTTP/1.1 413"));
  const RequestHead keyed{.method = "POST", .target = "/echo", .headers = {{"x-api-key", "k"}}};
  EXPECT_EQ(ask2(keyed, fits).body.size(), 100'001U);
  EXPECT_EQ(ask2(keyed, large).status, 413);
  EXPECT_THAT(ask("POST /echo HTTP/1.1", large), StartsWith("HTTP/1.1 401")) << "not read";
}

TEST_F(ServerTest, ABodyMayBeProducedWhileItIsSent) {
  start();
  const std::string all =
      "0" + std::string(1000, 'b') + std::string(1000, 'c') + std::string(1000, 'd');
  const std::string chunked = ask("GET /pieces HTTP/1.1");
  EXPECT_THAT(chunked, AllOf(HasSubstr("Transfer-Encoding: chunked"), EndsWith("0\r\n\r\n")));
  EXPECT_THAT(ask("GET /pieces HTTP/1.0"), EndsWith("\r\n\r\n" + all)) << "the end marks the end";
  const auto reply = ask2({.method = "GET", .target = "/pieces"});
  EXPECT_EQ(reply.body, all);
  EXPECT_EQ(reply.error, 0U);
}

TEST_F(ServerTest, ABodyThatFailsIsSeenToBeCutOff) {
  start();
  EXPECT_FALSE(ask("GET /broken HTTP/1.1").ends_with("0\r\n\r\n"));
  EXPECT_NE(ask2({.method = "GET", .target = "/broken"}).error, 0U);
}

TEST_F(ServerTest, EventsComeOverBothVersions) {
  start();
  const std::string events = "event: one\ndata: 1\n\nid: 7\nevent: two\ndata: 2\n\n";
  EXPECT_THAT(ask("GET /events HTTP/1.1"), AllOf(HasSubstr("text/event-stream"), EndsWith(events)));
  const auto reply = ask2({.method = "GET", .target = "/events"});
  EXPECT_EQ(reply.headers.get("content-type"), "text/event-stream");
  EXPECT_EQ(reply.body, events);
}

TEST_F(ServerTest, HeadAndWrongMethodsAreAnsweredAlike) {
  start();
  EXPECT_THAT(ask("HEAD /open HTTP/1.1"), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\n")));
  EXPECT_EQ(ask2({.method = "HEAD", .target = "/open"}).body, "");
  EXPECT_EQ(ask2({.method = "HEAD", .target = "/open"}).status, 200);
  EXPECT_EQ(ask2({.method = "PUT", .target = "/open"}).status, 405);
  EXPECT_EQ(ask2({.method = "GET", .target = "/none"}).status, 404);
  EXPECT_EQ(
      ask2({.method = "GET", .target = "/open", .headers = {{"origin", "http://evil"}}}).status,
      403);
}

TEST_F(ServerTest, APortWithoutRoutesSaysWhatItSpeaks) {
  start();
  EXPECT_THAT(ask("GET / HTTP/1.1", "", server_->ports()[2]),
              AllOf(StartsWith("HTTP/1.1 505"), HasSubstr("gRPC")));
}

TEST_F(ServerTest, IdleConnectionsGiveWayToNewOnesAndNeverHoldUpOperations) {
  start({.connections = 20, .connections_per_address = 20});
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 60; ++i) idle.push_back(std::make_unique<Client>(port()));
  EXPECT_THAT(ask("GET /open HTTP/1.1"), EndsWith("open"));
  EXPECT_TRUE(idle[0]->is_ended());
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<Client>(port()));
    slow.back()->send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_THAT(ask("GET /health HTTP/1.1", "", operations_port()), EndsWith("well"));
  EXPECT_THAT(ask("GET /open HTTP/1.1"), EndsWith("open")) << "nobody of them has a key";
}

TEST_F(ServerTest, AConnectionThatSaysNothingEnds) {
  start({.header_time = std::chrono::milliseconds(50), .idle = std::chrono::milliseconds(50)});
  Client silent(port());
  EXPECT_TRUE(silent.is_ended());
  Client half(port());
  half.send("PRI * HTTP");
  EXPECT_TRUE(half.is_ended());
  Client head(port());
  head.send("GET /open HTTP/1.1\r\nHost: ");
  EXPECT_TRUE(head.is_ended());
}

TEST_F(ServerTest, IsReadyWhileAllPortsAcceptConnections) {
  start();
  std::promise<std::pair<Status, Status>> checked;
  boost::asio::post(io_, [&] {
    const Status before = server_->check();
    server_->stop();
    checked.set_value({before, server_->check()});
  });
  const auto [before, after] = checked.get_future().get();
  EXPECT_TRUE(before.ok());
  EXPECT_EQ(after.code(), StatusCode::kUnavailable);
}

TEST_F(ServerTest, StoppingAnswersWhatWasAsked) {
  start();
  Client open(port());
  open.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(open.read(), EndsWith("open"));
  boost::asio::post(io_, [this] { server_->stop(); });
  open.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(open.read_all(), AllOf(HasSubstr("Connection: close"), EndsWith("open")));
}

}  // namespace
}  // namespace skerry::http
