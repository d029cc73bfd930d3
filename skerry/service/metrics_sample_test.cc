// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/metrics_sample.h"

#include <limits>

#include <gtest/gtest.h>

namespace skerry::service {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

MetricsSample sample(const std::string& text, int second) {
  const auto lines = parse_metrics("skerry_workers{state=\"idle\"} 1\n" + text);
  EXPECT_TRUE(lines.ok()) << lines.status();
  const auto parsed = MetricsSample::of(
      *lines, std::chrono::system_clock::time_point(std::chrono::seconds(second)));
  EXPECT_TRUE(parsed.ok());
  return *parsed;
}

TEST(MetricsSampleTest, QuantilesAreOfWhatCameSince) {
  const Buckets before{{0.001, 10}, {0.01, 10}, {kInfinity, 10}};
  const Buckets now{{0.001, 10}, {0.01, 110}, {kInfinity, 110}};
  EXPECT_NEAR(*quantile(before, now, 0.5), 0.0055, 1e-9);
  EXPECT_FALSE(quantile(now, now, 0.5));
  EXPECT_FALSE(quantile({}, {}, 0.5));
  // Beyond all classes, what is known is the last one's end.
  EXPECT_EQ(*quantile({}, {{0.001, 0}, {kInfinity, 5}}, 0.99), 0.001);
}

TEST(MetricsSampleTest, RatesAreBySecond) {
  const std::string start = "process_start_time_seconds 100\n";
  const auto before = sample(start +
                                 "skerry_broker_events_total{event=\"run\"} 10\n"
                                 "skerry_tenant_calls_total{tenant=\"a\"} 5\n",
                             200);
  const auto now = sample(start +
                              "skerry_broker_events_total{event=\"run\"} 30\n"
                              "skerry_tenant_calls_total{tenant=\"a\"} 6\n"
                              "skerry_tenant_calls_total{tenant=\"b\"} 9\n",
                          202);
  const auto told = document_of(before, now, "http://x");
  EXPECT_EQ(told["runs_per_second"], 10);
  EXPECT_EQ(told["uptime_seconds"], 102);
  EXPECT_EQ(told["tenants"][0]["tenant"], "b");
  EXPECT_EQ(told["tenants"][0]["calls_per_second"], 4.5);
  EXPECT_EQ(told["tenants"][1]["calls_per_second"], 0.5);
  EXPECT_TRUE(told["latency"]["p50_ms"].is_null());
}

TEST(MetricsSampleTest, AServiceThatBeganAnewIsToldFromItsStart) {
  const auto before =
      sample("process_start_time_seconds 100\nskerry_broker_events_total{event=\"run\"} 10\n", 200);
  const auto now =
      sample("process_start_time_seconds 201\nskerry_broker_events_total{event=\"run\"} 12\n", 202);
  EXPECT_EQ(document_of(before, now, "")["runs_per_second"], 6);
}

TEST(MetricsSampleTest, NumbersThatCannotBeAreNothing) {
  const auto odd = sample(
      "skerry_queue_runs NaN\nprocess_resident_memory_bytes -5\nskerry_sessions_kept +Inf\n"
      "skerry_queue_seconds_bucket{le=\"x\"} 1\nskerry_queue_seconds_bucket 1\n",
      1);
  EXPECT_EQ(odd.waiting + odd.memory + odd.kept_sessions, 0);
  EXPECT_TRUE(odd.queue.empty());
  EXPECT_NO_THROW((void)document_of(odd, odd, ""));
}

TEST(MetricsSampleTest, AServerThatLiesDoesNotMakeItGrow) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "skerry_tenant_calls_total{tenant=\"" + std::to_string(i) + "\"} 1\n";
  }
  EXPECT_LE(sample(text, 1).tenants.size(), 101);
}

TEST(MetricsSampleTest, WhatOthersCountIsNoneOfOurs) {
  const auto lines = parse_metrics("go_goroutines 5\n");
  EXPECT_EQ(MetricsSample::of(*lines, {}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace skerry::service
