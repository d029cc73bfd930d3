// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/runs.h"

#include <chrono>
#include <string>
#include <utility>

#include "skerry/tool/python_executor.h"
#include "skerry/tool/run_output.h"

namespace skerry::tool {

boost::asio::awaitable<Result<RunReport>> Runs::run(access::Principal caller, run::Request order,
                                                    RunCallbacks callbacks) {
  if (const Status status = caller.check_may_run(); !status.ok()) {
    tools_.tell(caller, PythonExecutor::kName, failed(Verdict::kForbidden, ""));
    co_return status;
  }
  order.principal = caller;
  if (order.session) caller.session = order.session->text();
  const auto since = std::chrono::steady_clock::now();
  OutputOptions output;
  output.on_output = std::move(callbacks.output);
  output.begun = std::move(callbacks.begun);
  output.warned = std::move(callbacks.warned);
  output.waiting = std::move(callbacks.waiting);
  output.displayed = std::move(callbacks.displayed);
  // Whoever sees it as it comes mostly gets it that way alone.
  const bool is_kept = callbacks.keeps_output || !output.on_output;
  output.keep = is_kept ? OutputOptions::Keep::kBytes : OutputOptions::Keep::kNothing;
  if (is_kept) output.memory = memory_;
  auto running = reported_run(runner_, std::move(order), std::move(output));
  auto report = co_await std::move(running);
  ToolResult told{.verdict = report.ok() ? verdict_of(*report) : verdict_of(report.status())};
  told.took = std::chrono::steady_clock::now() - since;
  if (report.ok()) told.run = figures_of(*report);
  tools_.tell(caller, PythonExecutor::kName, told);
  co_return std::move(report);
}

}  // namespace skerry::tool
