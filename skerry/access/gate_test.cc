// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry::access {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class GateTest : public ::testing::Test {
 protected:
  std::string new_key(const std::string& tenant, Allowance allowance = {}) {
    const NewKey made = make_key(tenant, "", std::move(allowance)).value();
    EXPECT_TRUE(KeyFile(setting_.keys).add(made.key).ok());
    return made.text;
  }
  std::unique_ptr<Gate> open() { return Gate::open(setting_).value(); }
  static tool::ToolResult ended(tool::Verdict verdict) { return {.verdict = verdict}; }

  TestDirectory directory_;
  Clock::time_point now_ = Clock::now();
  Gate::Setting setting_{.keys = directory_.path() / "keys.json", .now = [this] { return now_; }};
};

TEST_F(GateTest, WithoutKeysEverybodyIsTheDefaultTenantUnlessAKeyIsRequired) {
  EXPECT_EQ(open()->caller_of("").value().tenant, "default");
  EXPECT_EQ(open()->caller_of("skerry_x").status().code(), StatusCode::kUnauthenticated);
  setting_.requires_key = true;
  EXPECT_EQ(open()->caller_of("").status().code(), StatusCode::kUnauthenticated);
}

TEST_F(GateTest, AKeyIsItsTenantsAndNobodyElseComesIn) {
  const std::string a = new_key("a", {.tools = {"calculator"}});
  const std::string b = new_key("b");
  const auto gate = open();
  const tool::Caller caller = gate->caller_of(a).value();
  EXPECT_EQ(caller.tenant, "a");
  EXPECT_TRUE(caller.may_call("calculator"));
  EXPECT_FALSE(caller.may_call("python_executor"));
  EXPECT_EQ(gate->caller_of(b).value().tenant, "b");
  EXPECT_TRUE(gate->caller_of(b).value().may_call("python_executor"));
  std::string forged = a;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& bad : {std::string(), forged, a + " ", std::string("Bearer ") + a}) {
    EXPECT_EQ(gate->caller_of(bad).status().code(), StatusCode::kUnauthenticated) << bad;
  }
}

TEST_F(GateTest, ARevokedKeyIsUnknownAfterReloading) {
  const std::string text = new_key("a");
  const std::string other = new_key("b");
  const auto gate = open();
  ASSERT_TRUE(KeyFile(setting_.keys).remove(*id_in(text)).ok());
  EXPECT_TRUE(gate->caller_of(text).ok());
  ASSERT_TRUE(gate->reload(setting_).ok());
  EXPECT_EQ(gate->caller_of(text).status().code(), StatusCode::kUnauthenticated);
  EXPECT_TRUE(gate->caller_of(other).ok());
}

TEST_F(GateTest, RatesAreOfOneKeyAndTellWhenToComeBack) {
  const auto gate_keys = std::pair(new_key("a", {.runs_per_second = 2}), new_key("b"));
  const auto gate = open();
  const auto a = gate->caller_of(gate_keys.first).value();
  const auto b = gate->caller_of(gate_keys.second).value();
  EXPECT_TRUE(gate->admit(a).status.ok());
  EXPECT_EQ(gate->admit(a).remaining, 0);
  const auto refused = gate->admit(a);
  EXPECT_EQ(refused.status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(message_of(refused.status)), HasSubstr("rate_limit_exceeded"));
  EXPECT_EQ(refused.wait, milliseconds(500));
  EXPECT_EQ(refused.limit, 2);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(gate->admit(b).status.ok());
  now_ += milliseconds(500);
  EXPECT_TRUE(gate->admit(a).status.ok());
  EXPECT_FALSE(gate->admit(a).status.ok());
}

TEST_F(GateTest, ADaysQuotaEnds) {
  const std::string text = new_key("a", {.runs_per_day = 3});
  const auto gate = open();
  const auto caller = gate->caller_of(text).value();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate->admit(caller).status.ok());
  const auto refused = gate->admit(caller);
  EXPECT_THAT(std::string(message_of(refused.status)), HasSubstr("quota_exceeded"));
  EXPECT_GT(refused.wait, milliseconds(0));
}

TEST_F(GateTest, TheBreakerOpensOnFailuresAndClosesWhenOneCallGoesWell) {
  setting_.breaker = {.error_threshold = 0.5, .window = seconds(30), .min_requests = 4};
  const auto gate = open();
  const auto caller = gate->caller_of("").value();
  for (const auto verdict : {tool::Verdict::kOk, tool::Verdict::kFailed, tool::Verdict::kTimeout}) {
    gate->called(caller, "t", ended(verdict));
  }
  EXPECT_TRUE(gate->admit(caller).status.ok());
  gate->called(caller, "t", ended(tool::Verdict::kTimeout));
  const auto refused = gate->admit(caller);
  EXPECT_EQ(refused.status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(refused.wait, seconds(30));
  now_ += seconds(30);
  EXPECT_TRUE(gate->admit(caller).status.ok());   // tries
  EXPECT_FALSE(gate->admit(caller).status.ok());  // waits for how that ends
  gate->called(caller, "t", ended(tool::Verdict::kOk));
  EXPECT_TRUE(gate->admit(caller).status.ok());
}

TEST_F(GateTest, ABreakerThatNobodyAskedForNeverOpens) {
  const auto gate = open();
  const auto caller = gate->caller_of("").value();
  for (int i = 0; i < 1000; ++i) gate->called(caller, "t", ended(tool::Verdict::kBroken));
  EXPECT_TRUE(gate->admit(caller).status.ok());
}

}  // namespace
}  // namespace skerry::access
