// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/runs.h"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/tool/python_executor.h"
#include "skerry/tool/run_output.h"

namespace skerry::tool {

/// kInvalidArgument for files that are too large together: before any is read.
boost::asio::awaitable<Status> Runs::check_sizes(const run::Request& order) {
  std::uint64_t sum = 0;
  for (const run::GivenFile& file : order.files) {
    std::uint64_t size = file.content ? file.content->size() : 0;
    if (!file.content) {
      auto looking = uploads_.size(order.principal.tenant, file.id);
      const auto found = co_await std::move(looking);
      if (!found.ok()) co_return annotate(found.status(), "files: " + file.path.shown());
      size = *found;
    }
    sum += size;
    if (sum <= worker::RunRequest::kMaxFileBytes) continue;
    co_return absl::InvalidArgumentError(
        fmt::format("Parameter 'files': those of a run may have {} bytes together",
                    worker::RunRequest::kMaxFileBytes));
  }
  co_return ok_status();
}

/// Makes a request of what the order says of files.
boost::asio::awaitable<Status> Runs::fetch_files(run::Request& order) {
  order.request.changes = worker::FileChanges::kReported;
  if (order.files.empty()) co_return ok_status();
  // One that will be refused should not have files read for it.
  if (const Status admitted = tools_.check(order.principal); !admitted.ok()) co_return admitted;
  auto checking = check_sizes(order);
  const Status checked = co_await std::move(checking);
  if (!checked.ok()) co_return checked;
  for (run::GivenFile& file : std::exchange(order.files, {})) {
    if (!file.content) {
      auto fetching = uploads_.content(order.principal.tenant, file.id);
      auto content = co_await std::move(fetching);
      if (!content.ok()) co_return annotate(content.status(), "files: " + file.path.shown());
      file.content = *std::move(content);
    }
    order.request.input_files.push_back(
        {.path = std::move(file.path), .content = std::move(file.content)});
  }
  co_return ok_status();
}

boost::asio::awaitable<Result<RunReport>> Runs::run(access::Principal caller, run::Request order,
                                                    RunCallbacks callbacks) {
  if (const Status status = caller.check_may_run(); !status.ok()) {
    tools_.tell(caller, PythonExecutor::kName, failed(Verdict::kForbidden, ""));
    co_return status;
  }
  order.principal = caller;
  if (order.session) caller.session = order.session->text();
  const auto since = std::chrono::steady_clock::now();
  auto fetching = fetch_files(order);
  const Status fetched = co_await std::move(fetching);
  if (!fetched.ok()) {
    tools_.tell(caller, PythonExecutor::kName,
                failed(verdict_of(fetched), std::string(message_of(fetched))));
    co_return fetched;
  }
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
  output.uploads = &uploads_;
  output.file_budget = file_budget_;
  auto running = reported_run(runner_, std::move(order), std::move(output));
  auto report = co_await std::move(running);
  ToolResult told{.verdict = report.ok() ? verdict_of(*report) : verdict_of(report.status())};
  told.took = std::chrono::steady_clock::now() - since;
  if (report.ok()) told.run = figures_of(*report);
  tools_.tell(caller, PythonExecutor::kName, told);
  co_return std::move(report);
}

}  // namespace skerry::tool
