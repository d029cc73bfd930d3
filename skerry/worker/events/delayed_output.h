// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <span>

#include "skerry/base/status.h"
#include "skerry/wasi/environment.h"

namespace skerry::worker {

/// Sends a guest's output over a run's socket. What comes in pieces, as `print` writes them, waits
/// until a line is whole, for 2 ms at most, and then goes out as one event. A timer's signal sends
/// it where the guest never comes back, so that what was written before a run was killed is there.
/// Borrows the socket. Confined to one thread, of a process that has no other; of several at a time
/// in one process, the first to delay is the only one that does.
class DelayedOutput {
 public:
  explicit DelayedOutput(int socket) : socket_(socket) {}
  DelayedOutput(const DelayedOutput&) = delete;
  DelayedOutput& operator=(const DelayedOutput&) = delete;
  ~DelayedOutput();

  /// Of bytes, no more than an event may have.
  Status write(wasi::Stream stream, std::span<const std::byte> bytes);
  /// Sends what waits. Nothing else may be sent over the socket before.
  Status flush();

 private:
  // Room for an event's bytes in front of its text, so that one write sends both.
  static constexpr std::size_t kHead = 32;
  static constexpr std::size_t kRoom = std::size_t{16} << 10;

  bool may_delay();
  std::span<const std::byte> finish_event();
  static void on_alarm(int);

  int socket_;
  wasi::Stream stream_ = wasi::Stream::kStdout;
  // What the signal's handler shares with the code that it interrupts.
  volatile std::sig_atomic_t is_busy_ = 0;
  volatile std::sig_atomic_t is_armed_ = 0;
  std::size_t size_ = 0;
  std::array<std::byte, kHead + kRoom> event_;
};

}  // namespace skerry::worker
