// SPDX-License-Identifier: Apache-2.0
#include "skerry/metrics/sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "skerry/base/formats/json_fields.h"
#include "skerry/base/time_text.h"

namespace skerry::metrics {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Numbers = std::map<std::string, double>;

constexpr std::size_t kMaxNames = 101;  // as many as the service tells of tenants

/// Finite and not negative, whatever a server says.
double number_in(const json& value) {
  const double number = value.is_number() ? value.get<double>() : 0;
  return std::isfinite(number) ? std::max(0.0, number) : 0;
}

Numbers numbers_in(const json& status, const char* name) {
  Numbers numbers;
  const json* found = field(status, name);
  if (found == nullptr || !found->is_object()) return numbers;
  for (const auto& [key, value] : found->items()) {
    // A server that lies must not make it grow.
    if (numbers.size() < kMaxNames) numbers[key] = number_in(value);
  }
  return numbers;
}

Buckets buckets_in(const json& status, const char* name) {
  Buckets buckets;
  const json* found = field(status, name);
  if (found == nullptr || !found->is_array()) return buckets;
  for (const json& each : *found) {
    if (!each.is_array() || each.size() != 2 || buckets.size() >= kMaxNames) continue;
    const bool is_last = each[0].is_null();
    if (!is_last && !each[0].is_number()) continue;
    buckets[is_last ? std::numeric_limits<double>::infinity() : number_in(each[0])] =
        number_in(each[1]);
  }
  return buckets;
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

Result<Sample> Sample::of(const json& status, std::chrono::system_clock::time_point time) {
  const auto number = [&](const char* name) { return number_in(status.value(name, json())); };
  const json* workers = status.is_object() ? field(status, "workers") : nullptr;
  if (workers == nullptr || !workers->is_object()) {
    return absl::NotFoundError("this is not the status of `skerry serve`");
  }
  return Sample{.time = time,
                .started = number("started_unix"),
                .memory = number("memory_bytes"),
                .waiting = number("waiting"),
                .kept_sessions = number("sessions_kept"),
                .workers = numbers_in(status, "workers"),
                .events = numbers_in(status, "worker_events"),
                .calls = numbers_in(status, "calls"),
                .outcomes = numbers_in(status, "outcomes"),
                .refused = numbers_in(status, "refused"),
                .tenants = numbers_in(status, "tenants"),
                .total = buckets_in(status, "latency"),
                .queue = buckets_in(status, "queue"),
                .run = buckets_in(status, "run"),
                .lag = buckets_in(status, "loop_lag")};
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

ordered_json document_of(const Sample& before, const Sample& now, const std::string& url) {
  // Seconds pass between two looks; where clocks were set meanwhile, rates are only wrong.
  const double seconds =
      std::max(0.001, std::chrono::duration<double>(now.time - before.time).count());
  const Sample nothing;
  const Sample& since = before.started == now.started ? before : nothing;
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
  return {
      {"time",
       utc_time(std::chrono::duration_cast<std::chrono::nanoseconds>(now.time.time_since_epoch())
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

}  // namespace skerry::metrics
