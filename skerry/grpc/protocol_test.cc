// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/protocol.h"

#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace skerry::grpc {
namespace {

using std::chrono::nanoseconds;

TEST(ProtocolTest, TellsCallsFromOtherRequests) {
  for (const char* call : {"application/grpc", "application/grpc+proto", "application/grpc;x=y"}) {
    EXPECT_TRUE(is_call(call)) << call;
  }
  for (const char* other : {"", "application/json", "application/grpc-web", "application/grpcx"}) {
    EXPECT_FALSE(is_call(other)) << other;
  }
}

TEST(ProtocolTest, ReadsTimeouts) {
  const auto timeout = [](const char* text) { return timeout_in({{"grpc-timeout", text}}); };
  EXPECT_EQ(timeout("5S").value(), std::chrono::seconds(5));
  EXPECT_EQ(timeout("1n").value(), nanoseconds(1));
  EXPECT_EQ(timeout("250m").value(), std::chrono::milliseconds(250));
  EXPECT_EQ(timeout("99999999H").value(), std::chrono::hours(24 * 365));
  EXPECT_EQ(timeout_in({}).value(), std::nullopt);
  for (const char* bad : {"S", "5", "5s", "-5S", "+5S", "999999999S", "5 S", "5SS"}) {
    EXPECT_EQ(timeout(bad).status().code(), StatusCode::kInternal) << bad;
  }
}

TEST(ProtocolTest, EncodesMessagesOfStatuses) {
  EXPECT_EQ(percent_encoded("plain text!"), "plain text!");
  EXPECT_EQ(percent_encoded("100%\n\u20ac"), "100%25%0A%E2%82%AC");
  const auto trailers = trailers_of(absl::NotFoundError("no\n"));
  EXPECT_EQ(trailers.get("grpc-status"), "5");
  EXPECT_EQ(trailers.get("grpc-message"), "no%0A");
  EXPECT_EQ(trailers.count("grpc-status-details-bin"), 0U);
  EXPECT_EQ(trailers_of(ok_status()).count("grpc-message"), 0U);
  const std::string text(100'000, '%');
  EXPECT_LE(trailers_of(absl::InternalError(text)).get("grpc-message").size(), 8000U);
}

TEST(ProtocolTest, ARefusalSaysWhenToTryAgain) {
  const auto trailers = trailers_of(
      with_retry_after(absl::ResourceExhaustedError("busy"), std::chrono::milliseconds(1500)));
  EXPECT_EQ(trailers.get("retry-after"), "2");
  google::rpc::Status details;
  ASSERT_TRUE(
      details.ParseFromString(decode_binary(trailers.get("grpc-status-details-bin")).value()));
  EXPECT_EQ(details.code(), 8);
  EXPECT_EQ(details.message(), "busy");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(ProtocolTest, BinaryMetadataNeedsNoPadding) {
  for (const std::string bytes : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(decode_binary(encode_binary(bytes)).value(), bytes);
  }
  EXPECT_EQ(decode_binary("YQ==").value(), "a");
  EXPECT_FALSE(decode_binary("!").ok());
}

}  // namespace
}  // namespace skerry::grpc
