// SPDX-License-Identifier: Apache-2.0
#include "skerry/metrics/sample.h"

#include <limits>

#include <gtest/gtest.h>

namespace skerry::metrics {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Sample sample(json status, int second) {
  status["workers"] = {{"idle", 1}};
  const auto parsed =
      Sample::of(status, std::chrono::system_clock::time_point(std::chrono::seconds(second)));
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return *parsed;
}

TEST(SampleTest, QuantilesAreOfWhatCameSince) {
  const Buckets before{{0.001, 10}, {0.01, 10}, {kInfinity, 10}};
  const Buckets now{{0.001, 10}, {0.01, 110}, {kInfinity, 110}};
  EXPECT_NEAR(*quantile(before, now, 0.5), 0.0055, 1e-9);
  EXPECT_FALSE(quantile(now, now, 0.5));
  EXPECT_FALSE(quantile({}, {}, 0.5));
  // Beyond all classes, what is known is the last one's end.
  EXPECT_EQ(*quantile({}, {{0.001, 0}, {kInfinity, 5}}, 0.99), 0.001);
}

TEST(SampleTest, RatesAreBySecond) {
  const auto before = sample(
      {{"started_unix", 100}, {"worker_events", {{"run", 10}}}, {"tenants", {{"a", 5}}}}, 200);
  const auto now = sample(
      {{"started_unix", 100}, {"worker_events", {{"run", 30}}}, {"tenants", {{"a", 6}, {"b", 9}}}},
      202);
  const auto told = document_of(before, now, "http://x");
  EXPECT_EQ(told["runs_per_second"], 10);
  EXPECT_EQ(told["uptime_seconds"], 102);
  EXPECT_EQ(told["tenants"][0]["tenant"], "b");
  EXPECT_EQ(told["tenants"][0]["calls_per_second"], 4.5);
  EXPECT_EQ(told["tenants"][1]["calls_per_second"], 0.5);
  EXPECT_TRUE(told["latency"]["p50_ms"].is_null());
}

TEST(SampleTest, AServiceThatBeganAnewIsToldFromItsStart) {
  const auto before = sample({{"started_unix", 100}, {"worker_events", {{"run", 10}}}}, 200);
  const auto now = sample({{"started_unix", 201}, {"worker_events", {{"run", 12}}}}, 202);
  EXPECT_EQ(document_of(before, now, "")["runs_per_second"], 6);
}

TEST(SampleTest, BucketsEndWithAllOfThem) {
  const auto read = sample({{"queue", {{0.1, 3}, {nullptr, 5}}}}, 1);
  EXPECT_EQ(read.queue, (Buckets{{0.1, 3}, {kInfinity, 5}}));
}

TEST(SampleTest, NumbersThatCannotBeAreNothing) {
  const auto odd = sample({{"waiting", "NaN"},
                           {"memory_bytes", -5},
                           {"sessions_kept", nullptr},
                           {"queue", {{"x", 1}, {1}, 2, json::object()}},
                           {"run", "x"},
                           {"calls", {1, 2}},
                           {"tenants", {{"a", "b"}}}},
                          1);
  EXPECT_EQ(odd.waiting + odd.memory + odd.kept_sessions, 0);
  EXPECT_TRUE(odd.queue.empty());
  EXPECT_NO_THROW((void)document_of(odd, odd, ""));
}

TEST(SampleTest, AServerThatLiesDoesNotMakeItGrow) {
  json status;
  for (int i = 0; i < 1000; ++i) {
    status["tenants"][std::to_string(i)] = 1;
    status["queue"].push_back({i, 1});
  }
  const auto read = sample(status, 1);
  EXPECT_LE(read.tenants.size(), 101);
  EXPECT_LE(read.queue.size(), 101);
}

TEST(SampleTest, WhatOthersAnswerIsNoneOfOurs) {
  for (const json& other : {json::object(), json{{"workers", 3}}, json::array(), json("x")}) {
    EXPECT_EQ(Sample::of(other, {}).status().code(), StatusCode::kNotFound) << other;
  }
}

}  // namespace
}  // namespace skerry::metrics
