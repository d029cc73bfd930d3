// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_output.h"

#include <memory>
#include <tuple>
#include <utility>

namespace skerry::tool {

namespace {

// From here on room for all that may come is set aside: growing would copy it again and again. It
// takes memory only as it is filled.
constexpr std::size_t kReserved = std::size_t{1} << 20;

}  // namespace

RunOutput::RunOutput(const sandbox::Limits& limits, OutputOptions options)
    : limit_(limits.output.value),
      marker_(cut_marker(limits)),
      options_(std::move(options)),
      files_(options_.file_budget) {
  if (options_.on_output.flow()) options_.on_output.flow()->resume = [this] { resume(); };
  if (!options_.memory) return;
  share_ = std::make_shared<OutputMemory::Share>(options_.memory);
  share_->set_resume([this] { resume(); });
}

RunOutput::~RunOutput() {
  if (options_.on_output.flow()) options_.on_output.flow()->resume = nullptr;
  if (share_) share_->set_resume(nullptr);
}

void RunOutput::waiting(bool is_waiting) {
  if (options_.waiting) options_.waiting(is_waiting);
}

void RunOutput::displayed(sandbox::Display&& display) {
  has_result_ |= display.is_result;
  if (options_.displayed) {
    options_.displayed(std::move(display));
    return;
  }
  if (share_) share_->add(display.size());
  displays_.push_back(std::move(display));
}

void RunOutput::changed(const worker::FileChange& change) {
  if (options_.uploads != nullptr) files_.take(change);
}

void RunOutput::add_result(const std::string& text) {
  if (!has_result_) displayed(sandbox::text_display(text, true));
}

bool RunOutput::is_full() const {
  const auto& flow = options_.on_output.flow();
  return (flow && flow->is_full) || (share_ && share_->must_wait());
}

void RunOutput::started() {
  if (!warning_.empty() && options_.warned) options_.warned(std::exchange(warning_, {}));
  if (const auto begun = std::exchange(options_.begun, {})) begun();
}

void RunOutput::warned(std::string_view text) { warning_ = text; }

void RunOutput::output(wasi::Stream stream, std::string_view bytes) {
  if (options_.keep == OutputOptions::Keep::kBytes) keep(stream, bytes);
  if (options_.keep == OutputOptions::Keep::kBytes && !options_.on_output) return;
  pass_on(stream, of(stream).bytes.take(bytes));
}

void RunOutput::cut(wasi::Stream stream) {
  of(stream).output.was_cut = true;
  output(stream, marker_);
}

std::pair<KeptOutput, KeptOutput> RunOutput::take() {
  for (const wasi::Stream stream : {wasi::Stream::kStdout, wasi::Stream::kStderr}) {
    pass_on(stream, of(stream).bytes.finish());
  }
  return {std::move(stdout_.output), std::move(stderr_.output)};
}

void RunOutput::pass_on(wasi::Stream stream, const std::string& text) {
  if (text.empty()) return;
  if (options_.keep == OutputOptions::Keep::kText) keep(stream, text);
  if (options_.on_output) options_.on_output(stream, text);
}

void RunOutput::keep(wasi::Stream stream, std::string_view text) {
  std::string& kept = of(stream).output.text;
  if (kept.size() + text.size() > kReserved && kept.capacity() < limit_) {
    kept.reserve(limit_ + marker_.size());
  }
  kept += text;
  if (share_) share_->add(text.size());
}

boost::asio::awaitable<Result<RunReport>> reported_run(run::Runner& runner, run::Request order,
                                                       OutputOptions options) {
  RunReport report{.limits = order.request.limits};
  const bool shows_values = order.request.program.shows == runtime::Program::Shows::kAll;
  upload::Uploads* const uploads = options.uploads;
  const std::string tenant = order.principal.tenant;
  RunOutput output(report.limits, std::move(options));
  order.observer = &output;
  auto answer = co_await runner.run(std::move(order));
  if (!answer.ok()) co_return answer.status();
  report.outcome = std::move(answer->outcome);
  report.session = std::move(answer->session);
  if (shows_values && report.outcome.result) output.add_result(*report.outcome.result);
  std::tie(report.standard_output, report.standard_error) = output.take();
  report.displays = output.take_displays();
  report.memory = output.share();
  ChangedFiles files = output.take_files();
  report.has_more_files = files.has_more();
  if (!files.empty()) {
    auto keeping = ChangedFiles::keep(std::move(files), *uploads, tenant);
    report.files = co_await std::move(keeping);
  }
  co_return std::move(report);
}

}  // namespace skerry::tool
