// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "skerry/tool/run_report.h"
#include "skerry/upload/uploads.h"
#include "skerry/worker/events/run_events.h"

namespace skerry::tool {

/// The files that a run made, changed or removed, within the bounds of
/// `worker::FileChanges::kReported`. A value, confined to one thread.
class ChangedFiles {
 public:
  /// Takes one change, which its receiver has checked. Returns how many bytes more are held.
  std::size_t take(const worker::FileChange& change);

  bool empty() const { return files_.empty(); }
  bool has_more() const { return has_more_; }

  /// Keeps their contents among a tenant's uploads, and tells of all of them. One that cannot be
  /// kept says why. Gives up what is held.
  static boost::asio::awaitable<std::vector<ReportedFile>> keep(ChangedFiles files,
                                                                upload::Uploads& uploads,
                                                                std::string tenant);
  /// Tells of all of them, where nothing keeps them. Gives up what is held.
  static std::vector<ReportedFile> tell(ChangedFiles files);

 private:
  struct File {
    ReportedFile told;
    std::string content;
    bool is_whole = false;  // `content` is all of it
  };
  std::vector<File> files_;
  std::uint64_t held_ = 0;  // bytes of all contents
  bool open_ = false;       // further pieces are of the last file
  bool has_more_ = false;
};

}  // namespace skerry::tool
