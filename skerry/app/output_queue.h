// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "skerry/base/status.h"

namespace skerry::app {

/// What a program wrote, on its way to descriptors of this process: in order, and without waiting
/// for whoever reads them, who may never do so. Borrows the descriptors, which may be in blocking
/// mode. Confined to one thread.
class OutputQueue {
 public:
  /// Takes bytes for `fd`, and writes what can be written at once.
  void add(int fd, std::string_view bytes);

  /// Whether no more should be added until the reader has taken some.
  bool is_full() const { return held_ >= kMaxHeld; }
  /// The descriptor that the queue waits to write to; -1 when it is empty.
  int awaited() const { return queue_.empty() ? -1 : queue_.front().fd; }
  /// Writes what can be written without waiting.
  void write_some();
  /// Waits until all is written, for at most so long; without a limit as long as it takes.
  void write_all(std::optional<std::chrono::milliseconds> limit = std::nullopt);

  /// The first failure. A reader that has gone is none: what is left for it is dropped.
  const Status& failure() const { return failure_; }
  /// What the last write to `fd` that failed said; kUnavailable for a reader that has gone.
  StatusCode failure_of(int fd) const;

 private:
  // Bytes. Enough for a reader that is merely slow.
  static constexpr std::size_t kMaxHeld = std::size_t{256} << 10;
  struct Piece {
    int fd = -1;
    std::string bytes;
    std::size_t written = 0;
  };
  bool write_front();  ///< false when nothing could be written now
  void drop_front();

  std::deque<Piece> queue_;  // none is empty
  std::size_t held_ = 0;
  std::map<int, StatusCode> failures_;
  Status failure_;
};

}  // namespace skerry::app
