// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/request.h"

#include <string>

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>

namespace skerry::http {
namespace {

/// The request in `text`, whose head must be whole.
class Parsed {
 public:
  explicit Parsed(const std::string& text) {
    parser.eager(true);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(text), error);
    EXPECT_FALSE(error) << error.message() << text;
    EXPECT_TRUE(parser.is_header_done()) << text;
  }
  Http1Parser parser;
};

std::string_view fault_of(const std::string& headers, const char* version = "1.1") {
  Parsed request(std::string("POST / HTTP/") + version + "\r\n" + headers + "\r\n");
  return smuggling_fault(request.parser.get());
}

RequestHead head(const std::string& host, Headers headers, const char* method = "POST") {
  return {.method = method, .target = "/", .host = host, .headers = std::move(headers)};
}

TEST(RequestTest, OnlyWhatAllServersReadAlikeIsActedOn) {
  EXPECT_EQ(fault_of("Host: a\r\n"), "");
  EXPECT_EQ(fault_of("Host: a\r\nTransfer-Encoding: Chunked\r\n"), "");
  EXPECT_EQ(fault_of("", "1.0"), "");
  EXPECT_NE(fault_of(""), "");
  EXPECT_NE(fault_of("Host: a\r\nHost: a\r\n"), "");
  for (const char* coding : {"identity", "xchunked", "chunked, chunked", "gzip, chunked",
                             "\"chunked\"", "chunked;q=1", ""}) {
    EXPECT_NE(fault_of(std::string("Host: a\r\nTransfer-Encoding: ") + coding + "\r\n"), "")
        << coding;
  }
}

TEST(RequestTest, AHeadOfHttp1HasLowerCaseNames) {
  const Parsed parsed("GET /x?y=1 HTTP/1.1\r\nHost: a:1\r\nX-A: B\r\nx-a: c\r\n\r\n");
  const RequestHead own = head_of(parsed.parser.get());
  EXPECT_EQ(own.method, "GET");
  EXPECT_EQ(own.target, "/x?y=1");
  EXPECT_EQ(own.host, "a:1");
  EXPECT_EQ(own.headers.get("x-a"), "B");
  EXPECT_EQ(own.headers.count("x-a"), 2U);
  EXPECT_EQ(own.headers.get("x-b"), "");
}

TEST(RequestTest, AnAbsoluteTargetIsAPath) {
  const auto path_of = [](const std::string& target) -> std::string {
    const auto request =
        request_of({.method = "GET", .target = target, .host = "a", .headers = {}});
    return request ? request->path : "none";
  };
  EXPECT_EQ(path_of("/health"), "/health");
  EXPECT_EQ(path_of("http://a/health?x=y"), "/health");
  EXPECT_EQ(path_of("HTTPS://a:1/health"), "/health");
  EXPECT_EQ(path_of("/a://b"), "/a://b");
  for (const char* none : {"http://a", "ftp://a/health", "health", "*", "://a/health", ""}) {
    EXPECT_EQ(path_of(none), "none") << none;
  }
}

TEST(RequestTest, TakesWhatHandlersMayAskFor) {
  const auto request = request_of({.method = "GET",
                                   .target = "/a?b=c%20d&b=e&f",
                                   .host = "a",
                                   .headers = {{"accept", "text/html, Text/Event-Stream"},
                                               {"connection", "keep-alive, Upgrade"},
                                               {"upgrade", "WebSocket"},
                                               {"last-event-id", "7\xFF"},
                                               {"cookie", "secret"},
                                               {"x-request-id", "mine"}}});
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->query, (std::map<std::string, std::string>{{"b", "e"}, {"f", ""}}));
  EXPECT_TRUE(request->wants_events);
  EXPECT_TRUE(request->wants_web_socket);
  EXPECT_EQ(request->headers,
            (std::map<std::string, std::string>{{"accept", "text/html, Text/Event-Stream"},
                                                {"last-event-id", "7\xEF\xBF\xBD"}}));
  EXPECT_EQ(request->request_id, "mine");
}

TEST(RequestTest, AKeyIsInEitherHeader) {
  EXPECT_EQ(api_key_in({{"x-api-key", "k"}}), "k");
  EXPECT_EQ(api_key_in({{"authorization", "bearer k"}}), "k");
  EXPECT_EQ(api_key_in({{"x-api-key", "k"}, {"authorization", "Bearer other"}}), "k");
  EXPECT_EQ(api_key_in({{"authorization", "Basic k"}}), "");
  EXPECT_EQ(api_key_in({}), "");
}

TEST(OriginTest, PagesOfTheServiceItselfMayAsk) {
  const std::set<int> ports{8000, 8080};
  EXPECT_EQ(origin_fault(head("localhost:8000", {}), HostNames::kLocal, ports), "");
  for (const auto& [host, origin] : {std::pair("localhost:8000", "http://localhost:8000"),
                                     {"127.0.0.1", "http://127.0.0.1"},
                                     {"127.0.0.1:8000", "http://localhost:8080"},
                                     {"[::1]:8000", "http://[::1]:8000"},
                                     {"localhost:443", "https://LOCALHOST"}}) {
    EXPECT_EQ(origin_fault(head(host, {{"origin", origin}}), HostNames::kLocal, ports), "")
        << origin;
  }
  EXPECT_EQ(origin_fault(head("code.example:8443", {{"origin", "https://code.example:8443"}}),
                         HostNames::kAny, {}),
            "");
}

TEST(OriginTest, PagesOfElsewhereMayNot) {
  const std::set<int> ports{8000};
  for (const char* origin :
       {"null", "", "http://example.com", "http://localhost:1", "http://localhost",
        "http://localhost.example.com:8000", "http://127.0.0.1.nip.io:8000", "http://[::1]x:8000",
        "localhost:8000", "http://evil#localhost:8000", "http://localhost@evil:8000",
        "http://localhost:8000x"}) {
    EXPECT_NE(origin_fault(head("localhost:8000", {{"origin", origin}}), HostNames::kAny, ports),
              "")
        << origin;
  }
}

TEST(OriginTest, ABrowserSaysWhoMadeItAsk) {
  const std::set<int> ports{8000};
  for (const char* own : {"none", "same-origin"}) {
    EXPECT_EQ(
        origin_fault(head("localhost:8000", {{"sec-fetch-site", own}}), HostNames::kAny, ports),
        "");
  }
  for (const char* foreign : {"cross-site", "same-site", "?"}) {
    EXPECT_NE(
        origin_fault(head("localhost:8000", {{"sec-fetch-site", foreign}}), HostNames::kAny, ports),
        "");
    const Headers link{{"sec-fetch-site", foreign}, {"sec-fetch-mode", "navigate"}};
    EXPECT_EQ(origin_fault(head("localhost:8000", link, "GET"), HostNames::kAny, ports), "")
        << "a link";
    EXPECT_NE(origin_fault(head("localhost:8000", link, "POST"), HostNames::kAny, ports), "")
        << "a form";
  }
}

TEST(OriginTest, WithoutKeysOnlyNamesOfThisMachineAreServed) {
  for (const char* local :
       {"localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:8080", ""}) {
    EXPECT_EQ(origin_fault(head(local, {}), HostNames::kLocal, {}), "") << local;
  }
  for (const char* foreign :
       {"example.com", "localhost.example.com", "127.0.0.1.nip.io", "[::1]x"}) {
    EXPECT_NE(origin_fault(head(foreign, {}), HostNames::kLocal, {}), "") << foreign;
    EXPECT_EQ(origin_fault(head(foreign, {}), HostNames::kAny, {}), "") << foreign;
  }
}

}  // namespace
}  // namespace skerry::http
