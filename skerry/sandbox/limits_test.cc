// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/limits.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::sandbox {
namespace {

/// The defaults but for one.
template <typename Member, typename Value>
Limits with(Member Limits::* member, Value value) {
  Limits limits;
  limits.*member = value;
  return limits;
}

/// The limits' verdict, which must name `limit`, its option and both bounds.
void expect_refused(const Limits& limits, const LimitName& limit, std::string_view value) {
  const Status status = limits.check();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << limit.key;
  const std::string text(message_of(status));
  for (const std::string_view part :
       {limit.key, limit.unit, limit.option(LimitWords::kOptions), value}) {
    EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in: " << text;
  }
}

TEST(LimitsTest, DefaultsAreInBounds) { EXPECT_TRUE(Limits{}.check().ok()); }

TEST(LimitsTest, MemoryIsOneTo4095Mebibytes) {
  EXPECT_TRUE(with(&Limits::memory, mib(1)).check().ok());
  EXPECT_TRUE(with(&Limits::memory, mib(4095)).check().ok());
  expect_refused(with(&Limits::memory, bytes(mib(1).value - 1)), kMemoryLimit, "1048575");
  expect_refused(with(&Limits::memory, mib(4096)), kMemoryLimit, "4293918720");
}

TEST(LimitsTest, WallTimeIsAMillisecondToADay) {
  using std::chrono::milliseconds;
  EXPECT_TRUE(with(&Limits::wall, milliseconds(1)).check().ok());
  EXPECT_TRUE(with(&Limits::wall, milliseconds(86'400'000)).check().ok());
  expect_refused(with(&Limits::wall, milliseconds(0)), kWallLimit, "0");
  expect_refused(with(&Limits::wall, milliseconds(-5000)), kWallLimit, "-5");
  expect_refused(with(&Limits::wall, milliseconds(86'400'001)), kWallLimit, "86400");
}

TEST(LimitsTest, OutputMayBeNothing) {
  EXPECT_TRUE(with(&Limits::output, bytes(0)).check().ok());
  EXPECT_TRUE(with(&Limits::output, mib(1024)).check().ok());
  expect_refused(with(&Limits::output, bytes(mib(1024).value + 1)), kOutputLimit, "1073741825");
}

TEST(LimitsTest, FuelIsAtLeastOneWhereItIsCounted) {
  EXPECT_TRUE(with(&Limits::fuel, std::nullopt).check().ok());
  EXPECT_TRUE(with(&Limits::fuel, 1).check().ok());
  expect_refused(with(&Limits::fuel, 0), kFuelLimit, "0");
  expect_refused(with(&Limits::fuel, ~std::uint64_t{0}), kFuelLimit, "18446744073709551615");
}

TEST(LimitsTest, FilesAreBounded) {
  EXPECT_TRUE(with(&Limits::files, bytes(0)).check().ok());
  expect_refused(with(&Limits::files, mib(4097)), kFilesLimit, "4294967296");
}

TEST(LimitsTest, OpenFilesHoldAtLeastTheStandardStreams) {
  EXPECT_TRUE(with(&Limits::open_files, 4096).check().ok());
  expect_refused(with(&Limits::open_files, 2), kOpenFilesLimit, "2");
  expect_refused(with(&Limits::open_files, 4097), kOpenFilesLimit, "4097");
}

}  // namespace
}  // namespace skerry::sandbox
