// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/retry_after.h"
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
    EXPECT_TRUE(KeyFile(options_.keys).add(made.key).ok());
    return made.text;
  }
  std::unique_ptr<Gate> open() { return Gate::open(options_).value(); }

  TestDirectory directory_;
  Clock::time_point now_ = Clock::now();
  Gate::Options options_{.keys = directory_.path() / "keys.json", .now = [this] { return now_; }};
};

TEST_F(GateTest, WithoutKeysEverybodyIsTheDefaultTenantUnlessAKeyIsRequired) {
  EXPECT_EQ(open()->principal_of("").value().tenant, "default");
  // Some clients insist on sending a key.
  EXPECT_EQ(open()->principal_of("skerry_x").value().tenant, "default");
  options_.requires_key = true;
  EXPECT_EQ(open()->principal_of("").status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(open()->principal_of("skerry_x").status().code(), StatusCode::kUnauthenticated);
}

TEST_F(GateTest, AKeyIsItsTenantsAndNobodyElseComesIn) {
  const std::string a = new_key("a", {.tools = {"calculator"}});
  const std::string b = new_key("b");
  const auto gate = open();
  const Principal caller = gate->principal_of(a).value();
  EXPECT_EQ(caller.tenant, "a");
  EXPECT_TRUE(caller.may_call("calculator"));
  EXPECT_FALSE(caller.may_call("python_executor"));
  EXPECT_EQ(gate->principal_of(b).value().tenant, "b");
  EXPECT_TRUE(gate->principal_of(b).value().may_call("python_executor"));
  std::string forged = a;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& bad : {std::string(), forged, a + " ", std::string("Bearer ") + a}) {
    EXPECT_EQ(gate->principal_of(bad).status().code(), StatusCode::kUnauthenticated) << bad;
  }
}

TEST_F(GateTest, ARevokedKeyIsUnknownAfterReloading) {
  const std::string text = new_key("a");
  const std::string other = new_key("b");
  const auto gate = open();
  ASSERT_TRUE(KeyFile(options_.keys).remove(*id_in(text)).ok());
  EXPECT_TRUE(gate->principal_of(text).ok());
  ASSERT_TRUE(gate->reload(options_).ok());
  EXPECT_EQ(gate->principal_of(text).status().code(), StatusCode::kUnauthenticated);
  EXPECT_TRUE(gate->principal_of(other).ok());
}

TEST_F(GateTest, RatesAreOfOneKeyAndTellWhenToComeBack) {
  const auto gate_keys = std::pair(new_key("a", {.runs_per_second = 2}), new_key("b"));
  const auto gate = open();
  const auto a = gate->principal_of(gate_keys.first).value();
  const auto b = gate->principal_of(gate_keys.second).value();
  EXPECT_EQ(gate->allowed(a).remaining, 2);
  EXPECT_TRUE(gate->admit(a).ok());
  EXPECT_TRUE(gate->check(a).ok()) << "a check counts nothing";
  EXPECT_TRUE(gate->admit(a).ok());
  EXPECT_EQ(gate->allowed(a).remaining, 0);
  for (const Status& refused : {gate->check(a), gate->admit(a)}) {
    EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(message_of(refused)), HasSubstr("rate_limit_exceeded"));
    EXPECT_EQ(retry_after(refused), milliseconds(500));
  }
  EXPECT_EQ(gate->allowed(a).limit, 2);
  EXPECT_EQ(gate->allowed(a).reset, milliseconds(500));
  EXPECT_EQ(gate->allowed(b).limit, 0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(gate->admit(b).ok());
  now_ += milliseconds(500);
  EXPECT_TRUE(gate->admit(a).ok());
  EXPECT_FALSE(gate->admit(a).ok());
}

TEST_F(GateTest, ADaysQuotaEnds) {
  const std::string text = new_key("a", {.runs_per_day = 3});
  const auto gate = open();
  const auto principal = gate->principal_of(text).value();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate->admit(principal).ok());
  for (const Status& refused : {gate->check(principal), gate->admit(principal)}) {
    EXPECT_THAT(std::string(message_of(refused)), HasSubstr("quota_exceeded"));
    EXPECT_GT(retry_after(refused).value(), milliseconds(0));
  }
}

TEST_F(GateTest, TheBreakerOpensOnFaultsAndClosesWhenOneRunSucceeds) {
  options_.breaker = {.error_threshold = 0.5, .window = seconds(30), .min_requests = 4};
  const auto gate = open();
  const auto principal = gate->principal_of("").value();
  using End = Gate::RunEnd;
  for (const auto end : {End::kSuccess, End::kSuccess, End::kFault}) gate->record(principal, end);
  EXPECT_TRUE(gate->admit(principal).ok());
  gate->record(principal, End::kFault);
  for (const Status& refused : {gate->check(principal), gate->admit(principal)}) {
    EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
    EXPECT_EQ(retry_after(refused), seconds(30));
  }
  now_ += seconds(30);
  EXPECT_TRUE(gate->admit(principal).ok());   // the trial
  EXPECT_FALSE(gate->admit(principal).ok());  // until it has ended
  gate->record(principal, End::kSuccess);
  EXPECT_TRUE(gate->admit(principal).ok());
}

TEST_F(GateTest, ABreakerThatIsOffNeverOpens) {
  const auto gate = open();
  const auto principal = gate->principal_of("").value();
  for (int i = 0; i < 1000; ++i) gate->record(principal, Gate::RunEnd::kFault);
  EXPECT_TRUE(gate->admit(principal).ok());
}

TEST_F(GateTest, EachDecisionIsReported) {
  using Admission = Gate::Admission;
  std::vector<Admission> decisions;
  options_.on_admission = [&](Admission admission) { decisions.push_back(admission); };
  options_.breaker = {.min_requests = 1};
  const std::string daily = new_key("a", {.runs_per_day = 1});
  const std::string slow = new_key("b", {.runs_per_second = 1});
  const std::string broken = new_key("c", {});
  const auto gate = open();
  for (const std::string& text : {daily, slow}) {
    const auto principal = gate->principal_of(text).value();
    (void)gate->admit(principal);
    (void)gate->admit(principal);
  }
  const auto principal = gate->principal_of(broken).value();
  gate->record(principal, Gate::RunEnd::kFault);
  (void)gate->admit(principal);
  EXPECT_EQ(decisions, (std::vector<Admission>{Admission::kAllowed, Admission::kQuotaExceeded,
                                               Admission::kAllowed, Admission::kRateExceeded,
                                               Admission::kBreakerOpen}));
}

}  // namespace
}  // namespace skerry::access
