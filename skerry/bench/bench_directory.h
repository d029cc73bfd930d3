// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <sys/types.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/runtime/home.h"

namespace skerry::bench {

/// A directory in the home for what a bench makes: sessions, keys, a home for a service. It goes
/// when this object does, and when its process is killed, SIGKILL included: a process that watches
/// this one removes it then. Should that one be killed, too, the next bench does.
///
/// Create it before any thread, as it forks. Confined to one thread.
class BenchDirectory {
 public:
  /// Makes an empty one, and removes what benches left that are gone.
  static Result<std::unique_ptr<BenchDirectory>> create(const runtime::Home& home);
  ~BenchDirectory();
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  BenchDirectory() = default;
  Status start_watcher();

  std::filesystem::path path_;
  OwnedFd lock_;     // the directory itself, locked: it is in use
  OwnedFd watched_;  // a pipe that ends with this process
  pid_t watcher_ = 0;
};

}  // namespace skerry::bench
