// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/wasi/host_state.h"
#include "skerry/wasi/world.h"

namespace skerry::worker {

/// One thing that a run did to a file, in the order in which it is to be carried out.
struct FileChange {
  enum class Kind { kFile, kDirectory, kSymlink, kRemoved };
  Kind kind = Kind::kFile;
  std::string path;     ///< in the guest, absolute; untrusted
  std::string content;  ///< the file's bytes, or a piece of them; a link's target
  bool is_further_piece = false;
};

/// Sees a run while it happens. Calls come on the supervising thread. Everything is the guest's:
/// untrusted, within limits.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void output(wasi::Stream stream, std::string_view bytes) = 0;
  /// The stream's limit was met; nothing more of it follows.
  virtual void cut(wasi::Stream stream) = 0;
  virtual void changed(const FileChange& change) = 0;
};

/// What the guest's side of a run process works with.
class RunChannel {
 public:
  virtual ~RunChannel() = default;
  /// Where the guest's streams go; output over the limit is cut.
  virtual wasi::OutputSink& output() = 0;
  /// Call right before the guest's first instruction: the deadline counts from here.
  virtual Status started() = 0;
  virtual Status changed(const FileChange& change) = 0;
};

/// The guest's side: prepares a sandbox, runs it, and returns the outcome.
using RunBody = std::function<Result<sandbox::Outcome>(RunChannel&)>;

/// Runs `body` in a process of its own and supervises it: relays its events to `observer`, kills it
/// at its deadline or when this process is asked to end (SIGINT, SIGTERM: kCancelled), and tells a
/// crash from an outcome. Returns only when the process is gone. A Status is our own failure, on
/// either side.
Result<sandbox::Outcome> supervise(const RunBody& body, const sandbox::Limits& limits,
                                   RunObserver& observer);

/// Sends what differs between `before` and `after` through `channel`, `/tmp` left out.
/// kResourceExhausted when there are more than 100,000 changes.
Status send_changes(const wasi::FileSystem& before, const wasi::FileSystem& after,
                    RunChannel& channel);

/// Standard input from a descriptor, which must outlive it. Blocks where the descriptor does.
class DescriptorInput final : public wasi::InputSource {
 public:
  explicit DescriptorInput(int fd) : fd_(fd) {}
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<bool> wait(wasi::Nanoseconds at_most) override;

 private:
  int fd_;
};

}  // namespace skerry::worker
