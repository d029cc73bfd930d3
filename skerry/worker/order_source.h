// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/engine/engine.h"
#include "skerry/sandbox/sandbox.h"
#include "skerry/wasi/environment.h"
#include "skerry/wasi/files/types.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/run_request.h"

// What every kind of worker does with what the broker tells it.

namespace skerry::worker {

/// Waits until reading from `fd` would not, at most so long. True when it would not.
Result<bool> is_readable_within(int fd, wasi::Nanoseconds at_most);

/// A worker's orders, one after the other, and the input of the run that it has. Borrows the
/// socket. Confined to one thread.
class OrderSource {
 public:
  explicit OrderSource(int socket) : socket_(socket) {}

  /// Waits for the next order. None when the broker wants no more. kInternal when what comes is no
  /// order.
  Result<std::optional<WorkerOrder>> next();
  /// The files that came beside the orders so far.
  std::vector<OwnedFd> take_files() { return std::exchange(files_, {}); }
  Result<bool> has_more_within(wasi::Nanoseconds at_most) const {
    return is_readable_within(socket_, at_most);
  }

  /// During a run: waits for the next piece of its input. kUnavailable when the broker has gone,
  /// kInternal when it sends another run.
  Result<InputPiece> next_piece();
  /// The states to forget that were told during a run.
  std::vector<std::uint64_t> take_forgotten() { return std::exchange(forgotten_, {}); }

 private:
  int socket_;
  std::vector<OwnedFd> files_;
  std::vector<std::uint64_t> forgotten_;
};

/// Standard input that the broker sends in pieces while the program runs. The channel is told while
/// a read waits. A piece that interrupts fails that read as kCancelled, or the next one that finds
/// no text. Holds one piece at most. Borrows orders and channel. Confined to one thread.
class LiveInput final : public wasi::InputSource {
 public:
  /// `text` comes before the pieces.
  LiveInput(OrderSource& orders, RunChannel& channel, std::string text)
      : orders_(orders), channel_(channel), text_(std::move(text)) {}

  Result<std::size_t> read(std::span<std::byte> out) override;
  /// The time that this takes is the program's own.
  Result<bool> wait(wasi::Nanoseconds at_most) override;

 private:
  /// Whether a read has something to return.
  bool is_ready() const { return position_ < text_.size() || has_ended_ || is_interrupted_; }
  Status take_piece();

  OrderSource& orders_;
  RunChannel& channel_;
  std::string text_;
  std::size_t position_ = 0;
  bool has_ended_ = false;
  bool is_interrupted_ = false;
};

/// Which code a run under these limits takes.
engine::Metering metering_of(const sandbox::Limits& limits);

/// What the run may see of the outside. Borrows the input and the channel.
sandbox::RunEnvironment environment_of(const RunRequest& request, wasi::InputSource& input,
                                       RunChannel& channel);

}  // namespace skerry::worker
