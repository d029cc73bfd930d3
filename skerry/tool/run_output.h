// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/base/utf8.h"
#include "skerry/run/runner.h"
#include "skerry/sandbox/limits.h"
#include "skerry/tool/changed_files.h"
#include "skerry/tool/output_memory.h"
#include "skerry/tool/run_report.h"
#include "skerry/tool/tool.h"
#include "skerry/upload/uploads.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::tool {

/// What becomes of a run's output.
struct OutputOptions {
  OutputCallback on_output = {};     ///< gets it as it comes; may be empty
  std::function<void()> begun = {};  ///< called once, when the program begins; may be empty
  std::function<void(std::string_view)> warned =
      {};                                  ///< gets our warning before that; may be empty
  std::function<void(bool)> waiting = {};  ///< told of waits for input; may be empty
  /// Gets values that the program shows, as they come; empty: they are kept.
  std::function<void(sandbox::Display)> displayed = {};
  enum class Keep {
    kText,   ///< as UTF-8
    kBytes,  ///< as it came: what is not UTF-8 would take three times as much
    kNothing,
  };
  Keep keep = Keep::kText;
  std::shared_ptr<OutputMemory> memory = nullptr;  ///< what is kept counts against it
  /// Where files are kept that the run changes, if its request has them reported; null: nowhere.
  upload::Uploads* uploads = nullptr;
  std::shared_ptr<FileBudget> file_budget = nullptr;  ///< what they count against until then
};

/// Keeps what a run prints, and passes it on while it comes. Confined to one thread.
class RunOutput final : public worker::RunObserver {
 public:
  RunOutput(const sandbox::Limits& limits, OutputOptions options);
  ~RunOutput() override;
  RunOutput(const RunOutput&) = delete;
  RunOutput& operator=(const RunOutput&) = delete;

  void started() override;
  void warned(std::string_view text) override;
  void output(wasi::Stream stream, std::string_view bytes) override;
  void cut(wasi::Stream stream) override;
  void changed(const worker::FileChange& change) override;
  void waiting(bool is_waiting) override;
  void displayed(sandbox::Display&& display) override;
  bool is_full() const override;

  /// The last expression's value, of which there was nothing but its text.
  void add_result(const std::string& text);
  /// What was kept, when the run is over.
  std::pair<KeptOutput, KeptOutput> take();
  std::vector<sandbox::Display> take_displays() { return std::move(displays_); }
  ChangedFiles take_files() { return std::move(files_); }
  /// What they count against memory; give it up when they are gone. Null without.
  std::shared_ptr<OutputMemory::Share> share() const { return share_; }

 private:
  struct Kept {
    KeptOutput output;
    Utf8Stream bytes;
  };
  Kept& of(wasi::Stream stream) { return stream == wasi::Stream::kStdout ? stdout_ : stderr_; }
  void pass_on(wasi::Stream stream, const std::string& text);
  void keep(wasi::Stream stream, std::string_view text);

  const std::uint64_t limit_;
  std::string warning_;  // until the run starts: one that is refused has nothing but its refusal
  std::string marker_;
  OutputOptions options_;
  std::shared_ptr<OutputMemory::Share> share_;
  Kept stdout_;
  Kept stderr_;
  std::vector<sandbox::Display> displays_;
  ChangedFiles files_;
  bool has_result_ = false;
};

/// Does a run, whose observer this is, and gives all there is to tell of it. Fails as `Runner::run`
/// does.
boost::asio::awaitable<Result<RunReport>> reported_run(run::Runner& runner, run::Request order,
                                                       OutputOptions options);

}  // namespace skerry::tool
