// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/metrics_sample.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "skerry/tool/session_report.h"

namespace skerry::service {
namespace {

using nlohmann::ordered_json;
using Numbers = std::map<std::string, double>;

constexpr std::size_t kMaxTenants = 100;  // as the service tells

std::string label(const MetricLine& line, const char* name) {
  const auto found = line.labels.find(name);
  return found == line.labels.end() ? std::string() : found->second;
}

/// What a line adds to a sample; false when nothing.
bool take(MetricsSample& sample, const MetricLine& line) {
  const double value = std::isfinite(line.value) ? std::max(0.0, line.value) : 0;
  const std::pair<const char*, double*> numbers[] = {
      {"process_start_time_seconds", &sample.started},
      {"process_resident_memory_bytes", &sample.memory},
      {"skerry_queue_runs", &sample.waiting},
      {"skerry_sessions_kept", &sample.kept_sessions}};
  for (const auto& [name, number] : numbers) {
    if (line.name == name) {
      *number = value;
      return true;
    }
  }
  struct Labelled {
    const char* name;
    const char* label;
    Numbers* numbers;
  };
  const Labelled by_label[] = {
      {"skerry_workers", "state", &sample.workers},
      {"skerry_broker_events_total", "event", &sample.events},
      {"agent_core_tool_executions_total", "status", &sample.calls},
      {"skerry_run_outcomes_total", "outcome", &sample.outcomes},
      {"agent_core_enforcement_drops_total", "reason", &sample.refused},
      {"skerry_tenant_calls_total", "tenant", &sample.tenants},
  };
  for (const Labelled& each : by_label) {
    if (line.name != each.name) continue;
    // One of ours has no more: a server that lies must not make it grow.
    const std::string key = label(line, each.label);
    if (each.numbers->size() <= kMaxTenants || each.numbers->contains(key)) {
      (*each.numbers)[key] += value;
    }
    return true;
  }
  const std::pair<const char*, Buckets*> histograms[] = {
      {"agent_core_tool_duration_seconds_bucket", &sample.total},
      {"skerry_queue_seconds_bucket", &sample.queue},
      {"skerry_run_wall_seconds_bucket", &sample.run},
      {"skerry_loop_lag_seconds_bucket", &sample.lag}};
  for (const auto& [name, buckets] : histograms) {
    if (line.name != name) continue;
    const std::string bound = label(line, "le");
    char* end = nullptr;
    const double upper = std::strtod(bound.c_str(), &end);
    if (bound.empty() || *end != '\0' || std::isnan(upper)) return true;
    if (buckets->size() <= kMaxTenants || buckets->contains(upper)) (*buckets)[upper] += value;
    return true;
  }
  return false;
}

double of(const Numbers& numbers, const std::string& key) {
  const auto found = numbers.find(key);
  return found == numbers.end() ? 0 : found->second;
}

/// What was added to a counter, which begins anew when its service does.
double more(double before, double now) { return now >= before ? now - before : now; }

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

/// As many a second as were added.
ordered_json rates(const Numbers& before, const Numbers& now, double seconds) {
  ordered_json all = ordered_json::object();
  for (const auto& [key, value] : now) {
    all[key] = rounded(more(of(before, key), value) / seconds, 0.01);
  }
  return all;
}

ordered_json times(const Buckets& before, const Buckets& now) {
  const auto ms = [&](double share) -> ordered_json {
    const auto time = quantile(before, now, share);
    return time ? ordered_json(rounded(*time * 1000, 0.001)) : ordered_json(nullptr);
  };
  return {{"p50_ms", ms(0.5)}, {"p99_ms", ms(0.99)}};
}

}  // namespace

Result<MetricsSample> MetricsSample::of(const std::vector<MetricLine>& lines,
                                        std::chrono::system_clock::time_point time) {
  MetricsSample sample{.time = time};
  for (const MetricLine& line : lines) take(sample, line);
  if (sample.workers.empty()) {
    return absl::NotFoundError("what it counts is not what `skerry serve` counts");
  }
  return sample;
}

std::optional<double> quantile(const Buckets& before, const Buckets& now, double share) {
  if (now.empty()) return std::nullopt;
  const auto was = [&](double bound) {
    const auto found = before.find(bound);
    return found == before.end() ? 0.0 : found->second;
  };
  const double last = now.rbegin()->first;
  const bool is_anew = now.rbegin()->second < was(last);
  const auto added = [&](double bound, double count) {
    return is_anew ? count : std::max(0.0, count - was(bound));
  };
  const double all = added(last, now.rbegin()->second);
  if (all <= 0) return std::nullopt;
  double lower = 0;
  double below = 0;
  for (const auto& [bound, count] : now) {
    const double here = added(bound, count);
    if (here >= share * all) {
      if (!std::isfinite(bound)) return lower;
      const double part = here > below ? (share * all - below) / (here - below) : 1;
      return lower + (bound - lower) * std::clamp(part, 0.0, 1.0);
    }
    lower = bound;
    below = here;
  }
  return lower;
}

ordered_json document_of(const MetricsSample& before, const MetricsSample& now,
                         const std::string& url) {
  // Seconds pass between two looks; where clocks were set meanwhile, rates are only wrong.
  const double seconds =
      std::max(0.001, std::chrono::duration<double>(now.time - before.time).count());
  const MetricsSample nothing;
  const MetricsSample& since = before.started == now.started ? before : nothing;
  const double unix_now = std::chrono::duration<double>(now.time.time_since_epoch()).count();
  ordered_json workers = ordered_json::object();
  for (const char* state : {"running", "idle", "spare", "starting"}) {
    workers[state] = of(now.workers, state);
  }
  std::vector<std::pair<double, std::string>> busiest;
  busiest.reserve(now.tenants.size());
  for (const auto& [tenant, calls] : now.tenants) {
    busiest.emplace_back(more(of(since.tenants, tenant), calls) / seconds, tenant);
  }
  std::sort(busiest.begin(), busiest.end(), [](const auto& left, const auto& right) {
    return left.first != right.first ? left.first > right.first : left.second < right.second;
  });
  ordered_json tenants = ordered_json::array();
  for (const auto& [rate, tenant] : busiest) {
    tenants.push_back({{"tenant", tenant},
                       {"calls_per_second", rounded(rate, 0.01)},
                       {"calls", of(now.tenants, tenant)}});
  }
  double calls = 0;
  for (const auto& [status, count] : now.calls) calls += more(of(since.calls, status), count);
  ordered_json queue = times(since.queue, now.queue);
  queue["waiting"] = now.waiting;
  return {{"time", tool::time_text(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                       now.time.time_since_epoch())
                                       .count())},
          {"url", url},
          {"seconds", rounded(seconds, 0.001)},
          {"uptime_seconds",
           now.started == 0 ? 0 : rounded(std::max(0.0, unix_now - now.started), 0.1)},
          {"memory_bytes", now.memory},
          {"runs_per_second",
           rounded(more(of(since.events, "run"), of(now.events, "run")) / seconds, 0.01)},
          {"calls_per_second", rounded(calls / seconds, 0.01)},
          {"latency", times(since.total, now.total)},
          {"run", times(since.run, now.run)},
          {"queue", std::move(queue)},
          {"loop_lag", times(since.lag, now.lag)},
          {"workers", std::move(workers)},
          {"worker_events_per_second", rates(since.events, now.events, seconds)},
          {"sessions_kept", now.kept_sessions},
          {"calls_by_status_per_second", rates(since.calls, now.calls, seconds)},
          {"outcomes_per_second", rates(since.outcomes, now.outcomes, seconds)},
          {"refused_per_second", rates(since.refused, now.refused, seconds)},
          {"tenants", std::move(tenants)}};
}

}  // namespace skerry::service
