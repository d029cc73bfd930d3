// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/message.h"

#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/retry_after.h"

namespace skerry::http {
namespace {

std::string whole_body(Response response) {
  std::string body = response.body;
  if (!response.source) return body;
  boost::asio::io_context io;
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        for (;;) {
          const auto piece = co_await response.source->next();
          if (!piece.ok() || piece->empty()) co_return;
          body += *piece;
        }
      },
      [](const std::exception_ptr&) {});
  io.run();
  return body;
}

TEST(ResponseTest, ASmallValueIsSerializedAtOnceAndALargeOneWhileItIsSent) {
  const Response small = json_response({{"a", 1}}, 201);
  EXPECT_EQ(small.status, 201);
  EXPECT_EQ(small.body, R"({"a":1})");
  EXPECT_EQ(small.source, nullptr);
  const nlohmann::ordered_json value{{"text", std::string(1'000'000, '\x01')}, {"n", 1}};
  Response large = json_response(value);
  ASSERT_NE(large.source, nullptr);
  EXPECT_LT(large.body.size(), 200'000U);
  EXPECT_EQ(whole_body(std::move(large)), dump_json(value));
}

TEST(ResponseTest, AFailureSaysWhenToTryAgain) {
  const Response busy = response_of(
      with_retry_after(absl::ResourceExhaustedError("busy"), std::chrono::milliseconds(1500)));
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.body, R"({"error":"busy"})");
  EXPECT_EQ(busy.headers.at(0), std::pair(std::string("Retry-After"), std::string("2")));
  EXPECT_EQ(response_of(absl::NotFoundError("")).status, 404);
}

TEST(DecodedTest, PutsPercentsBack) {
  EXPECT_EQ(decoded("a%20b+c%C3%A9", false), "a b+c\u00e9");
  EXPECT_EQ(decoded("a%20b+c", true), "a b c");
  EXPECT_EQ(decoded("", true), "");
  for (const char* bad : {"%", "%4", "%zz", "%+1", "%-1", "%ff", "%00"}) {
    EXPECT_FALSE(decoded(bad, true).has_value()) << bad;
  }
}

}  // namespace
}  // namespace skerry::http
