// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/base/utf8.h"
#include "skerry/broker/runner.h"
#include "skerry/sandbox/limits.h"
#include "skerry/tool/run_report.h"
#include "skerry/tool/tool.h"
#include "skerry/worker/run_events.h"

namespace skerry::tool {

/// Keeps what a run prints as UTF-8, and passes it on while it comes. Confined to one thread.
class RunOutput final : public worker::RunObserver {
 public:
  /// `limits` are the run's; `seen` and `begun`, which is called once, may be empty.
  RunOutput(const sandbox::Limits& limits, OutputSeen seen, std::function<void()> begun = {})
      : marker_(cut_marker(limits)), seen_(std::move(seen)), begun_(std::move(begun)) {}

  void started() override;
  void output(wasi::Stream stream, std::string_view bytes) override;
  void cut(wasi::Stream stream) override;
  void changed(const worker::FileChange&) override {}

  /// What was kept, when the run is over.
  std::pair<KeptOutput, KeptOutput> take();

 private:
  struct Kept {
    KeptOutput output;
    Utf8Stream bytes;
  };
  Kept& of(wasi::Stream stream) { return stream == wasi::Stream::kStdout ? stdout_ : stderr_; }
  void add(wasi::Stream stream, const std::string& text);

  std::string marker_;
  OutputSeen seen_;
  std::function<void()> begun_;
  Kept stdout_;
  Kept stderr_;
};

/// Does a run, whose observer this is, and gives all there is to tell of it. `seen` and `begun`,
/// which is called when the program begins, may be empty. Fails as `Runner::run` does.
boost::asio::awaitable<Result<RunReport>> reported_run(broker::Runner& runner,
                                                       broker::Runner::Order order, OutputSeen seen,
                                                       std::function<void()> begun = {});

}  // namespace skerry::tool
