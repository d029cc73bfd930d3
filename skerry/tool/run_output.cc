// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_output.h"

#include <tuple>
#include <utility>

namespace skerry::tool {

void RunOutput::started() {
  if (const auto begun = std::exchange(begun_, {})) begun();
}

void RunOutput::output(wasi::Stream stream, std::string_view bytes) {
  add(stream, of(stream).bytes.take(bytes));
}

void RunOutput::cut(wasi::Stream stream) {
  of(stream).output.was_cut = true;
  output(stream, marker_);
}

std::pair<KeptOutput, KeptOutput> RunOutput::take() {
  for (const wasi::Stream stream : {wasi::Stream::kStdout, wasi::Stream::kStderr}) {
    add(stream, of(stream).bytes.finish());
  }
  return {std::move(stdout_.output), std::move(stderr_.output)};
}

void RunOutput::add(wasi::Stream stream, const std::string& text) {
  if (text.empty()) return;
  of(stream).output.text += text;
  if (seen_) seen_(stream, text);
}

boost::asio::awaitable<Result<RunReport>> reported_run(broker::Runner& runner,
                                                       broker::Runner::Order order, OutputSeen seen,
                                                       std::function<void()> begun) {
  RunReport report{.limits = order.request.limits};
  RunOutput output(report.limits, std::move(seen), std::move(begun));
  order.observer = &output;
  auto answer = co_await runner.run(std::move(order));
  if (!answer.ok()) co_return answer.status();
  report.outcome = std::move(answer->outcome);
  report.session = std::move(answer->session);
  std::tie(report.standard_output, report.standard_error) = output.take();
  co_return report;
}

}  // namespace skerry::tool
