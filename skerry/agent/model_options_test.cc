// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model_options.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ModelOptions options() {
  return {.base_url = "https://x.example/v1", .api_key = "k", .model = "m"};
}

TEST(EndpointTest, IsTakenOutOfUrls) {
  const auto plain = Endpoint::parse("http://localhost:8080/v1/");
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->is_secure);
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->path, "/v1");
  EXPECT_EQ(plain->authority(), "localhost:8080");
  EXPECT_TRUE(plain->is_loopback());
  const auto six = Endpoint::parse("https://[::1]");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 443);
  EXPECT_EQ(six->authority(), "[::1]");
  EXPECT_TRUE(six->is_loopback());
  EXPECT_FALSE(Endpoint::parse("http://localhost.example")->is_loopback());
}

TEST(EndpointTest, WhatIsNoUrlIsRefused) {
  for (const char* bad :
       {"", "x.example", "ftp://x", "https://", "https:///v1", "https://x:0", "https://x:99999",
        "https://x:", "https://x:1a", "https://me:secret@x/", "https://x/?q", "https://x/#f",
        "https://x/ y", "https://x/\r\nHost: y", "https://x\\y"}) {
    const auto parsed = Endpoint::parse(bad);
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(message_of(parsed.status())), Not(HasSubstr("secret")));
  }
}

TEST(ModelOptionsTest, AKeyLeavesThisMachineEncryptedOrNotAtAll) {
  EXPECT_TRUE(options().check().ok());
  ModelOptions open = options();
  open.base_url = "http://models.example/v1";
  EXPECT_EQ(open.check().code(), StatusCode::kPermissionDenied);
  open.api_key = "";
  EXPECT_TRUE(open.check().ok());
  open.api_key = "k";
  open.base_url = "http://127.0.0.1:1/v1";
  EXPECT_TRUE(open.check().ok());
}

TEST(ModelOptionsTest, WhatIsMissingOrOutOfBoundsIsNamed) {
  const auto said = [](const ModelOptions& bad) { return std::string(message_of(bad.check())); };
  ModelOptions bad = options();
  bad.api_key = "secret\r\nX: y";
  EXPECT_THAT(said(bad), HasSubstr("the key"));
  EXPECT_THAT(said(bad), Not(HasSubstr("secret")));
  bad = options();
  bad.model = "";
  bad.tier_models = {{Tier::kSmall, "s"}, {Tier::kLarge, "l"}};
  EXPECT_THAT(said(bad), HasSubstr("tier medium"));
  bad = options();
  bad.query_time = std::chrono::milliseconds(0);
  EXPECT_THAT(said(bad), HasSubstr("0 ms"));
  bad = options();
  bad.prices["m"] = {.input = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT(said(bad), HasSubstr("price of m"));
}

TEST(ModelOptionsTest, TiersFallBackToTheOneModel) {
  ModelOptions made = options();
  made.tier_models = {{Tier::kLarge, "big"}};
  EXPECT_EQ(made.model_of(Tier::kSmall), "m");
  EXPECT_EQ(made.model_of(Tier::kLarge), "big");
}

}  // namespace
}  // namespace skerry::agent
