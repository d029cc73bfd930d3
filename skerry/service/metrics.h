// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "skerry/access/gate.h"
#include "skerry/broker/runner.h"
#include "skerry/service/router.h"
#include "skerry/service/tls.h"
#include "skerry/tool/tool.h"

namespace skerry::service {

/// What is seen of the service from outside, as Prometheus reads it; docs/metrics.md has the names.
/// Names of tools that there are not, and tenants beyond a hundred, count as "other": what callers
/// write cannot make it grow.
///
/// Confined to the event loop's thread.
class Metrics final : public tool::CallWatcher {
 public:
  /// `tools` are the names that have a label of their own. The runner must outlive it.
  Metrics(const broker::Runner& runner, const std::vector<std::string>& tools);

  void called(const tool::Caller& caller, std::string_view tool,
              const tool::ToolResult& result) override;
  /// From now on tells until when the certificate is good; must outlive this.
  void watch(const Tls& tls) { tls_ = &tls; }
  /// A caller was let in to start something, or not.
  void admitted(const Status& status);

  /// The text format, version 0.0.4.
  std::string text();

 private:
  struct OfTool {
    std::map<tool::Verdict, prometheus::Counter*> calls;
    prometheus::Histogram* seconds = nullptr;
  };
  OfTool& of_tool(std::string_view name);
  std::string tool_label(std::string_view name) const;
  std::string tenant_label(const std::string& tenant) const;
  void read_counts();
  void read_process();

  const broker::Runner& runner_;
  const Tls* tls_ = nullptr;
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
  broker::WaitTimes waits_seen_;
  std::map<std::string, OfTool, std::less<>> tools_;
  std::map<std::string, prometheus::Counter*, std::less<>> tenants_;
  std::map<std::string, prometheus::Counter*, std::less<>> outcome_counters_;
};

/// Adds `/metrics`, open to anybody who reaches the service.
void add_metrics_route(Metrics& metrics, Router& router);

}  // namespace skerry::service
