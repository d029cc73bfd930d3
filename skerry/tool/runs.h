// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/awaitable.hpp>

#include "skerry/access/principal.h"
#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/run/runner.h"
#include "skerry/tool/changed_files.h"
#include "skerry/tool/output_memory.h"
#include "skerry/tool/run_report.h"
#include "skerry/tool/toolbox.h"
#include "skerry/upload/uploads.h"

namespace skerry::tool {

/// The most that a caller may ask for of a run. A bound below what runs have anyway is as high as
/// that. A value.
struct RunBounds {
  ByteSize memory = mib(1024);
  std::chrono::seconds wall{600};
  std::chrono::seconds input{604'800};  ///< that it may wait for a person, who holds its worker
  ByteSize output = mib(64);            ///< held in memory until the run is told
};

/// Called while a run happens. Each may be empty.
struct RunCallbacks {
  OutputCallback output = {};                         ///< empty: output is kept, as bytes
  bool keeps_output = false;                          ///< also where there is a callback
  std::function<void()> begun = {};                   ///< when the program begins
  std::function<void(std::string_view)> warned = {};  ///< with our warnings, before that
  std::function<void(bool)> waiting = {};  ///< when it begins to wait for input, and ends to
  std::function<void(sandbox::Display)> displayed = {};  ///< values that it shows; empty: kept
};

/// Runs that are asked for as such, and not through a tool. Confined to the event loop's thread.
class Runs {
 public:
  /// Whoever may call python_executor may run. Uploads have the files that runs are given by id,
  /// and keep those that they change. All must outlive it.
  Runs(run::Runner& runner, const Toolbox& tools, upload::Uploads& uploads)
      : runner_(runner), tools_(tools), uploads_(uploads) {}

  /// Runs for `caller`, and tells the toolbox's watchers. kPermissionDenied for one who may not,
  /// kNotFound for a file that is not kept; else fails as `Runner::run` does.
  boost::asio::awaitable<Result<RunReport>> run(access::Principal caller, run::Request order,
                                                RunCallbacks callbacks);

 private:
  // Beside the one run that goes on when it is used up.
  static constexpr ByteSize kOutputMemory = mib(64);
  // Of two runs at least: the files of what leaves more are told of, and not kept.
  static constexpr ByteSize kFileMemory = mib(160);

  boost::asio::awaitable<Status> fetch_files(run::Request& order);
  boost::asio::awaitable<Status> check_sizes(const run::Request& order);

  run::Runner& runner_;
  const Toolbox& tools_;
  upload::Uploads& uploads_;
  // Answers that are being sent may outlive this.
  std::shared_ptr<OutputMemory> memory_ = std::make_shared<OutputMemory>(kOutputMemory);
  std::shared_ptr<FileBudget> file_budget_ = std::make_shared<FileBudget>(kFileMemory);
};

}  // namespace skerry::tool
