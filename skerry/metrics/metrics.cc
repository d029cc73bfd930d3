// SPDX-License-Identifier: Apache-2.0
#include "skerry/metrics/metrics.h"

#include <chrono>
#include <cmath>
#include <random>
#include <sstream>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/http/handler.h"
#include "skerry/http/json_schema.h"

namespace skerry::metrics {
namespace {

using http::Router;
using nlohmann::ordered_json;
using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

constexpr std::size_t kMaxTenants = 100;
constexpr std::size_t kPseudonym = 12;  // hexadecimal digits
constexpr const char* kOther = "other";

/// From a tenth of a millisecond, which a fresh run takes, to the longest that a tool allows.
prometheus::Histogram::BucketBoundaries seconds_buckets() {
  return {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 5, 30, 60};
}

prometheus::Histogram::BucketBoundaries pages_buckets() {
  return {50, 100, 200, 500, 1000, 5000, 20'000, 65'536};
}

/// From one changed page to a session that fills its memory.
prometheus::Histogram::BucketBoundaries image_buckets() {
  return {1024, 4096, 16'384, 65'536, 262'144, 0x1p20, 0x1p22, 0x1p24, 0x1p26, 0x1p28};
}

prometheus::Histogram::BucketBoundaries lag_buckets() {
  prometheus::Histogram::BucketBoundaries bounds;
  for (const auto bound : loop::LagMeter::kBounds) {
    bounds.push_back(std::chrono::duration<double>(bound).count());
  }
  return bounds;
}

/// As the reference calls them, where it has them.
std::string status_of(tool::Verdict verdict) {
  if (verdict == tool::Verdict::kOk) return "success";
  if (verdict == tool::Verdict::kFailed) return "error";
  return std::string(tool::name_of(verdict));
}

// What of the metrics `/status` has, under which name there.
constexpr std::pair<const char*, const char*> kNumbers[] = {
    {"process_start_time_seconds", "started_unix"},
    {"process_resident_memory_bytes", "memory_bytes"},
    {"skerry_queue_runs", "waiting"},
    {"skerry_sessions_kept", "sessions_kept"}};
struct Labelled {
  const char* metric;
  const char* label;
  const char* name;
};
constexpr Labelled kByLabel[] = {{"skerry_workers", "state", "workers"},
                                 {"skerry_broker_events_total", "event", "worker_events"},
                                 {"agent_core_tool_executions_total", "status", "calls"},
                                 {"skerry_run_outcomes_total", "outcome", "outcomes"},
                                 {"agent_core_enforcement_drops_total", "reason", "refused"},
                                 {"skerry_tenant_calls_total", "tenant", "tenants"}};
constexpr std::pair<const char*, const char*> kHistograms[] = {
    {"agent_core_tool_duration_seconds", "latency"},
    {"skerry_queue_seconds", "queue"},
    {"skerry_run_wall_seconds", "run"},
    {"skerry_loop_lag_seconds", "loop_lag"}};

/// A gauge's or a counter's.
double value_of(const prometheus::ClientMetric& metric) {
  return metric.gauge.value + metric.counter.value;
}

std::string label_of(const prometheus::ClientMetric& metric, std::string_view name) {
  for (const auto& label : metric.label) {
    if (label.name == name) return label.value;
  }
  return {};
}

/// Pairs of an upper bound in seconds (null: none) and how many were at most so long.
ordered_json buckets_of(const prometheus::MetricFamily& family) {
  std::map<double, double> counts;
  for (const auto& metric : family.metric) {
    for (const auto& bucket : metric.histogram.bucket) {
      counts[bucket.upper_bound] += static_cast<double>(bucket.cumulative_count);
    }
  }
  ordered_json buckets = ordered_json::array();
  for (const auto& [bound, count] : counts) {
    const ordered_json upper = std::isfinite(bound) ? ordered_json(bound) : ordered_json();
    buckets.push_back(ordered_json::array({upper, count}));
  }
  return buckets;
}

/// Adds what `/status` has of a family; nothing of most.
void add(const prometheus::MetricFamily& family, ordered_json& status) {
  for (const auto& [metric, name] : kNumbers) {
    if (family.name == metric && !family.metric.empty()) {
      status[name] = value_of(family.metric.front());
    }
  }
  for (const Labelled& each : kByLabel) {
    if (family.name != each.metric) continue;
    std::map<std::string, double> sums;
    for (const auto& metric : family.metric) sums[label_of(metric, each.label)] += value_of(metric);
    status[each.name] = sums;
  }
  for (const auto& [metric, name] : kHistograms) {
    if (family.name == metric) status[name] = buckets_of(family);
  }
}

ordered_json status_schema() {
  const ordered_json number{{"type", "number"}};
  const ordered_json counts{{"type", "object"}, {"additionalProperties", number}};
  const ordered_json bucket{{"type", "array"}, {"items", {{"type", {"number", "null"}}}}};
  ordered_json properties;
  for (const auto& [metric, name] : kNumbers) properties[name] = number;
  for (const Labelled& each : kByLabel) properties[each.name] = counts;
  for (const auto& [metric, name] : kHistograms) {
    properties[name] = {{"type", "array"}, {"items", bucket}};
  }
  std::vector<std::string> names;
  for (const auto& [name, schema] : properties.items()) names.push_back(name);
  return http::object_of(std::move(properties), std::move(names));
}

}  // namespace

Metrics::Metrics(const run::Runner& runner, const std::vector<std::string>& tools,
                 TenantLabels labels)
    : runner_(runner),
      tenant_labels_(labels),
      salt_(fmt::format("{:016x}", std::random_device{}() * 0x9E3779B97F4A7C15)),
      executions_(BuildCounter()
                      .Name("agent_core_tool_executions_total")
                      .Help("Calls of tools that have ended")
                      .Register(*registry_)),
      seconds_(BuildHistogram()
                   .Name("agent_core_tool_duration_seconds")
                   .Help("From a call to its result, waiting included")
                   .Register(*registry_)),
      by_tenant_(BuildCounter()
                     .Name("skerry_tenant_calls_total")
                     .Help("Calls of tools that have ended")
                     .Register(*registry_)),
      drops_(BuildCounter()
                 .Name("agent_core_enforcement_drops_total")
                 .Help("Requests that were not let in")
                 .Register(*registry_)),
      allowed_(BuildCounter()
                   .Name("agent_core_enforcement_allowed_total")
                   .Help("Requests that were let in")
                   .Register(*registry_)),
      workers_(BuildGauge()
                   .Name("skerry_workers")
                   .Help("Processes that run guests, by what they do")
                   .Register(*registry_)),
      queue_(BuildGauge().Name("skerry_queue_runs").Help("Runs that wait").Register(*registry_)),
      events_(BuildCounter()
                  .Name("skerry_broker_events_total")
                  .Help("What happened to runs and workers since the start")
                  .Register(*registry_)),
      stage_wall_(BuildHistogram()
                      .Name("skerry_run_wall_seconds")
                      .Help("A program's own time")
                      .Register(*registry_)
                      .Add({}, seconds_buckets())),
      stage_cpu_(BuildHistogram()
                     .Name("skerry_run_cpu_seconds")
                     .Help("Processor time of a program")
                     .Register(*registry_)
                     .Add({}, seconds_buckets())),
      dirty_pages_(BuildHistogram()
                       .Name("skerry_run_dirty_pages")
                       .Help("Pages of 4 KiB that a run changed")
                       .Register(*registry_)
                       .Add({}, pages_buckets())),
      image_bytes_(BuildHistogram()
                       .Name("skerry_session_image_bytes")
                       .Help("That a session's new revision took of the disk")
                       .Register(*registry_)
                       .Add({}, image_buckets())),
      cache_(BuildCounter()
                 .Name("skerry_tool_cache_total")
                 .Help("Calls of tools whose results are kept")
                 .Register(*registry_)),
      waits_(BuildHistogram()
                 .Name("skerry_queue_seconds")
                 .Help("Until a run has a worker")
                 .Register(*registry_)
                 .Add({}, prometheus::Histogram::BucketBoundaries(run::WaitTimes::kBounds.begin(),
                                                                  run::WaitTimes::kBounds.end()))),
      outcomes_(BuildCounter()
                    .Name("skerry_run_outcomes_total")
                    .Help("How runs ended")
                    .Register(*registry_)),
      kept_sessions_(BuildGauge()
                         .Name("skerry_sessions_kept")
                         .Help("Sessions of which a worker keeps the state")
                         .Register(*registry_)
                         .Add({})),
      memory_(BuildGauge()
                  .Name("process_resident_memory_bytes")
                  .Help("Memory of this process, without its workers'")
                  .Register(*registry_)
                  .Add({})),
      lags_(BuildHistogram()
                .Name("skerry_loop_lag_seconds")
                .Help("How late the event loop was, ten times a second")
                .Register(*registry_)
                .Add({}, lag_buckets())),
      longest_handler_(BuildGauge()
                           .Name("skerry_loop_longest_handler_seconds")
                           .Help("Processor time of the event loop's longest handler so far")
                           .Register(*registry_)
                           .Add({})),
      connections_(BuildGauge()
                       .Name("skerry_connections")
                       .Help("Open connections, of clients and for operations")
                       .Register(*registry_)),
      held_(BuildGauge()
                .Name("skerry_held_bytes")
                .Help("Memory that requests' bodies and unsent answers hold")
                .Register(*registry_)) {
  BuildGauge()
      .Name("process_start_time_seconds")
      .Help("When this process began to serve, as seconds since 1970")
      .Register(*registry_)
      .Add({})
      .SetToCurrentTime();
  for (const std::string& tool : tools) tools_[tool] = {};
  tools_[kOther] = {};
}

Metrics::OfTool& Metrics::of_tool(std::string_view name) {
  auto found = tools_.find(name);
  if (found == tools_.end()) found = tools_.find(std::string_view(kOther));
  if (found->second.seconds == nullptr) {
    found->second.seconds = &seconds_.Add({{"tool_name", found->first}}, seconds_buckets());
  }
  return found->second;
}

std::string Metrics::tool_label(std::string_view name) const {
  return tools_.contains(name) ? std::string(name) : kOther;
}

prometheus::Counter& Metrics::calls_of(const std::string& tenant) {
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) return *found->second;
  const bool is_other = tenants_.size() >= kMaxTenants;
  const std::string label =
      is_other ? kOther
      : tenant_labels_ == TenantLabels::kNames || tenant == access::Principal().tenant
          ? tenant
          : "t-" + sha256_hex(as_bytes(salt_ + tenant)).substr(0, kPseudonym);
  prometheus::Counter& counter = by_tenant_.Add({{"tenant", label}});
  if (!is_other) tenants_[tenant] = &counter;
  return counter;
}

void Metrics::called(const access::Principal& caller, std::string_view tool,
                     const tool::ToolResult& result) {
  OfTool& of = of_tool(tool);
  auto& calls = of.calls[result.verdict];
  if (calls == nullptr) {
    calls =
        &executions_.Add({{"tool_name", tool_label(tool)}, {"status", status_of(result.verdict)}});
  }
  calls->Increment();
  of.seconds->Observe(std::chrono::duration<double>(result.took).count());
  calls_of(caller.tenant).Increment();
  if (result.cache != tool::CacheUse::kNone) {
    const bool is_hit = result.cache == tool::CacheUse::kHit;
    cache_.Add({{"tool_name", tool_label(tool)}, {"result", is_hit ? "hit" : "miss"}}).Increment();
    if (is_hit) return;  // the run was another's
  }
  if (result.run) ran(*result.run);
}

void Metrics::ran(const tool::RunFigures& run) {
  auto& ended = outcome_counters_[run.outcome];
  if (ended == nullptr) {
    ended = &outcomes_.Add({{"outcome", std::string(sandbox::name_of(run.outcome))}});
  }
  ended->Increment();
  if (run.session_bytes) image_bytes_.Observe(static_cast<double>(*run.session_bytes));
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  stage_wall_.Observe(seconds(run.usage.wall));
  stage_cpu_.Observe(seconds(run.usage.cpu));
  dirty_pages_.Observe(static_cast<double>(run.usage.dirty_pages));
}

void Metrics::decided(access::Gate::Admission admission) {
  using Admission = access::Gate::Admission;
  switch (admission) {
    case Admission::kAllowed:
      allowed_.Add({{"outcome", "success"}}).Increment();
      return;
    case Admission::kRateExceeded:
      drops_.Add({{"reason", "rate_limit_exceeded"}}).Increment();
      return;
    case Admission::kQuotaExceeded:
      drops_.Add({{"reason", "quota_exceeded"}}).Increment();
      return;
    case Admission::kBreakerOpen:
      drops_.Add({{"reason", "circuit_breaker_open"}}).Increment();
      return;
  }
}

void Metrics::read_counts() {
  const run::Counts counts = runner_.counts();
  for (const auto& [state, number] : {std::pair("starting", counts.starting),
                                      {"spare", counts.spare},
                                      {"idle", counts.idle},
                                      {"running", counts.running}}) {
    workers_.Add({{"state", state}}).Set(number);
  }
  queue_.Add({}).Set(counts.waiting);
  kept_sessions_.Set(counts.kept_sessions);
  std::vector<double> more;
  more.reserve(counts.waits.runs.size());
  for (std::size_t i = 0; i < counts.waits.runs.size(); ++i) {
    more.push_back(static_cast<double>(counts.waits.runs[i] - waits_seen_.runs[i]));
  }
  waits_.ObserveMultiple(more, counts.waits.seconds - waits_seen_.seconds);
  waits_seen_ = counts.waits;
  if (tls_ != nullptr) {
    const auto expires = tls_->identity()->certificates.expires.time_since_epoch();
    BuildGauge()
        .Name("skerry_certificate_expiry_timestamp_seconds")
        .Help("When the certificate that clients see expires")
        .Register(*registry_)
        .Add({})
        .Set(std::chrono::duration<double>(expires).count());
  }
  for (const auto& [event, number] : {std::pair("run", counts.runs),
                                      {"killed", counts.killed},
                                      {"worker_died", counts.died},
                                      {"zygote_started", counts.zygotes}}) {
    auto& counter = events_.Add({{"event", event}});
    counter.Increment(static_cast<double>(number) - counter.Value());
  }
}

/// A few microseconds: the kernel writes these numbers from memory.
void Metrics::read_process() {
  const auto text = read_file("/proc/self/statm", kib(4));
  if (!text.ok()) return;
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  std::istringstream(*text) >> all >> resident;
  memory_.Set(static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
}

void Metrics::read_loop() {
  if (lag_ == nullptr) return;
  const auto& counts = lag_->counts();
  std::vector<double> more;
  more.reserve(counts.lags.size());
  for (std::size_t i = 0; i < counts.lags.size(); ++i) {
    more.push_back(static_cast<double>(counts.lags[i] - lags_seen_.lags[i]));
  }
  lags_.ObserveMultiple(more, std::chrono::duration<double>(counts.sum - lags_seen_.sum).count());
  longest_handler_.Set(std::chrono::duration<double>(counts.longest_handler).count());
  lags_seen_ = counts;
}

void Metrics::read_connections() {
  if (server_ == nullptr) return;
  const http::Connections& all = server_->connections();
  connections_.Add({{"kind", "clients"}}).Set(all.count(http::PortKind::kClients));
  connections_.Add({{"kind", "operations"}}).Set(all.count(http::PortKind::kOperations));
  held_.Add({{"what", "bodies"}}).Set(static_cast<double>(all.body_bytes()));
  held_.Add({{"what", "unsent"}}).Set(static_cast<double>(all.unsent()));
}

std::vector<prometheus::MetricFamily> Metrics::collect() {
  read_process();
  read_counts();
  read_loop();
  read_connections();
  return registry_->Collect();
}

std::string Metrics::text() { return prometheus::TextSerializer().Serialize(collect()); }

ordered_json Metrics::status() {
  ordered_json status;
  for (const auto& [metric, name] : kNumbers) status[name] = 0;
  for (const Labelled& each : kByLabel) status[each.name] = ordered_json::object();
  for (const auto& [metric, name] : kHistograms) status[name] = ordered_json::array();
  for (const auto& family : collect()) add(family, status);
  return status;
}

void add_routes(Metrics& metrics, Access access, Router& router) {
  const bool is_open = access == Access::kOpen;
  router.add({.method = "GET",
              .path = "/metrics",
              .summary = "What is counted, in Prometheus's text format",
              .is_open = is_open,
              .answer_type = "text/plain; version=0.0.4",
              .handler = http::immediate([&metrics](const http::Request&) {
                return http::Response{.body = metrics.text(),
                                      .content_type = "text/plain; version=0.0.4"};
              })});
  router.add({.method = "GET",
              .path = "/status",
              .summary = "What `skerry top` shows: counts since the start, by what happened",
              .answer = status_schema(),
              .is_open = is_open,
              .handler = http::immediate([&metrics](const http::Request&) {
                return http::json_response(metrics.status());
              })});
}

}  // namespace skerry::metrics
