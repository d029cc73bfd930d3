// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include "skerry/access/gate.h"
#include "skerry/http/router.h"
#include "skerry/http/server.h"
#include "skerry/http/tls/tls.h"
#include "skerry/loop/lag_meter.h"
#include "skerry/run/runner.h"
#include "skerry/tool/tool.h"

namespace skerry::metrics {

/// The service's metrics for Prometheus; docs/metrics.md has the names. Unknown names of tools, and
/// tenants beyond a hundred, count as "other": what callers write cannot make it grow. Tenants have
/// pseudonyms that last until the next start, unless their names are asked for.
///
/// Confined to the event loop's thread.
class Metrics final : public tool::CallWatcher {
 public:
  enum class TenantLabels { kPseudonyms, kNames };
  /// `tools` are the names that have a label of their own. The runner must outlive it.
  Metrics(const run::Runner& runner, const std::vector<std::string>& tools, TenantLabels labels);

  void called(const access::Principal& caller, std::string_view tool,
              const tool::ToolResult& result) override;
  /// From now on, also the certificate's expiry, the lag of the event loop, the connections. Each
  /// must outlive this.
  void watch(const http::Tls& tls) { tls_ = &tls; }
  void watch(const loop::LagMeter& lag) { lag_ = &lag; }
  void watch(const http::Server& server) { server_ = &server; }
  /// A run was admitted, or not.
  void decided(access::Gate::Admission admission);

  /// All of it in Prometheus's text format, version 0.0.4.
  std::string text();
  /// What `skerry top` shows of it: the document that `Sample::of` reads.
  nlohmann::ordered_json status();

 private:
  std::vector<prometheus::MetricFamily> collect();
  void ran(const tool::RunFigures& run);
  struct OfTool {
    std::map<tool::Verdict, prometheus::Counter*> calls;
    prometheus::Histogram* seconds = nullptr;
  };
  OfTool& of_tool(std::string_view name);
  std::string tool_label(std::string_view name) const;
  prometheus::Counter& calls_of(const std::string& tenant);
  void read_counts();
  void read_process();
  void read_loop();
  void read_connections();

  const run::Runner& runner_;
  const http::Tls* tls_ = nullptr;
  const loop::LagMeter* lag_ = nullptr;
  const http::Server* server_ = nullptr;
  TenantLabels tenant_labels_;
  const std::string salt_;  // of pseudonyms
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& executions_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& by_tenant_;
  prometheus::Family<prometheus::Counter>& drops_;
  prometheus::Family<prometheus::Counter>& allowed_;
  prometheus::Family<prometheus::Gauge>& workers_;
  prometheus::Family<prometheus::Gauge>& queue_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Histogram& stage_wall_;
  prometheus::Histogram& stage_cpu_;
  prometheus::Histogram& dirty_pages_;
  prometheus::Histogram& image_bytes_;
  prometheus::Family<prometheus::Counter>& cache_;
  prometheus::Histogram& waits_;
  prometheus::Family<prometheus::Counter>& outcomes_;
  prometheus::Gauge& kept_sessions_;
  prometheus::Gauge& memory_;
  prometheus::Histogram& lags_;
  prometheus::Gauge& longest_handler_;
  prometheus::Family<prometheus::Gauge>& connections_;
  prometheus::Family<prometheus::Gauge>& held_;
  loop::LagMeter::Counts lags_seen_;
  run::WaitTimes waits_seen_;
  std::map<std::string, OfTool, std::less<>> tools_;
  std::map<std::string, prometheus::Counter*, std::less<>> tenants_;
  std::map<sandbox::OutcomeKind, prometheus::Counter*> outcome_counters_;
};

/// Adds `/metrics` and `/status`: with a key like other routes, or on a port of its own to everyone
/// who reaches it.
enum class Access { kKey, kOpen };
void add_routes(Metrics& metrics, Access access, http::Router& router);

}  // namespace skerry::metrics
