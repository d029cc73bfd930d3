// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/http_request.h"

#include <string>

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>

namespace skerry::service {
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
  HttpParser parser;
};

std::string_view fault_of(const std::string& headers, const char* version = "1.1") {
  Parsed request(std::string("POST / HTTP/") + version + "\r\n" + headers + "\r\n");
  return fault_in(request.parser.get());
}

TEST(HttpRequestTest, OnlyWhatAllServersReadAlikeIsActedOn) {
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

TEST(HttpRequestTest, AnAbsoluteTargetIsAPath) {
  const auto path_of = [](const std::string& target) -> std::string {
    Parsed parsed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto request = request_of(parsed.parser);
    return request ? request->path : "none";
  };
  EXPECT_EQ(path_of("/health"), "/health");
  EXPECT_EQ(path_of("http://a/health?x=y"), "/health");
  EXPECT_EQ(path_of("HTTPS://a:1/health"), "/health");
  EXPECT_EQ(path_of("/a://b"), "/a://b");
  for (const char* none : {"http://a", "ftp://a/health", "health", "*", "://a/health"}) {
    EXPECT_EQ(path_of(none), "none") << none;
  }
}

TEST(HttpRequestTest, AKeyIsInEitherHeader) {
  const auto key_in = [](const std::string& headers) {
    return api_key_in(Parsed("GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n").parser.get());
  };
  EXPECT_EQ(key_in("X-API-Key: k\r\n"), "k");
  EXPECT_EQ(key_in("authorization: bearer k\r\n"), "k");
  EXPECT_EQ(key_in("X-API-Key: k\r\nAuthorization: Bearer other\r\n"), "k");
  EXPECT_EQ(key_in("Authorization: Basic k\r\n"), "");
  EXPECT_EQ(key_in(""), "");
}

}  // namespace
}  // namespace skerry::service
