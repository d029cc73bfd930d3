// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasi/files/types.h"

namespace skerry::wasi {

/// What a clock keeps between runs; part of a HostState.
struct ClockState {
  /// Added to the machine's monotonic clock, so that a guest's own goes on where it was on another
  /// machine.
  std::int64_t monotonic_offset_ns = 0;
  /// The last monotonic time that the guest saw. It never sees an earlier one.
  Nanoseconds last_monotonic{};
  /// How far FixedClock has come since its start.
  Nanoseconds virtual_elapsed{};
  bool operator==(const ClockState&) const = default;
};

/// 32 bytes that a deterministic random stream is made from.
using Seed = std::array<std::byte, 32>;

/// A seed that anyone may type in: the SHA-256 of `seed`'s eight little-endian bytes.
Seed seed_of(std::uint64_t seed);

/// What SeededEntropy keeps between runs; part of a HostState.
struct RandomState {
  /// Absent: SeededEntropy is not in use.
  std::optional<Seed> seed;
  /// Bytes drawn so far.
  std::uint64_t position = 0;
  bool operator==(const RandomState&) const = default;
};

/// Tells a guest the time. Confined to one thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Since 1970.
  virtual Nanoseconds realtime() = 0;
  /// Since some start, never going back.
  virtual Nanoseconds monotonic() = 0;
  /// Processor time of the guest's process.
  virtual Nanoseconds cpu() = 0;
  /// Returns once `monotonic()` has reached `deadline`. kInternal when the machine cannot wait.
  virtual Status sleep_until(Nanoseconds deadline) = 0;
  /// The smallest step between two readings.
  virtual Nanoseconds resolution() const = 0;
};

/// Fills a guest's request for random bytes. Confined to one thread.
class Entropy {
 public:
  Entropy() = default;
  Entropy(const Entropy&) = delete;
  Entropy& operator=(const Entropy&) = delete;
  virtual ~Entropy() = default;

  virtual Status fill(std::span<std::byte> out) = 0;
};

/// A guest's standard output streams; the values are the descriptors they start as.
enum class Stream : std::uint8_t { kStdout = 1, kStderr = 2 };

/// Takes what a guest writes to its standard output and error. Confined to one thread.
class OutputSink {
 public:
  OutputSink() = default;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;
  virtual ~OutputSink() = default;

  /// Takes all of `bytes`, which is the guest's and untrusted. A failure reaches the guest as `io`,
  /// kUnavailable as `pipe`: the reader has gone. Output over a limit is none: take it and cut it
  /// off.
  virtual Status write(Stream stream, std::span<const std::byte> bytes) = 0;
};

/// Supplies a guest's standard input. Confined to one thread.
class InputSource {
 public:
  InputSource() = default;
  InputSource(const InputSource&) = delete;
  InputSource& operator=(const InputSource&) = delete;
  virtual ~InputSource() = default;

  /// Reads some bytes into `out`, which is not empty, waiting for the first of them. 0: the input
  /// has ended. kCancelled when the wait was interrupted: the next read waits again.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  /// Waits until a read would not, at most so long (real time; 0: asks only). True when it would
  /// not.
  virtual Result<bool> wait(Nanoseconds at_most) = 0;
};

/// The machine's clocks. Borrows `state`, which may be assigned to between calls.
class SystemClock final : public Clock {
 public:
  /// Times are rounded down to `resolution`, at least 1 ns: a coarse clock is a poor stopwatch for
  /// side channels.
  explicit SystemClock(ClockState& state, Nanoseconds resolution = Nanoseconds(1));

  /// Makes the guest's monotonic clock go on from where it last was, as if no time had passed: for
  /// state that was stored, or comes from another machine.
  void resume();

  Nanoseconds realtime() override;
  Nanoseconds monotonic() override;
  Nanoseconds cpu() override;
  Status sleep_until(Nanoseconds deadline) override;
  Nanoseconds resolution() const override { return resolution_; }

 private:
  Nanoseconds rounded(std::uint64_t ns) const;
  ClockState& state_;
  Nanoseconds resolution_;
};

/// A clock that stands at `start` and moves 1 µs with each reading, so that two runs see the same
/// times. Sleeping takes no time and moves it as far as was asked. Borrows `state`, which may be
/// assigned to between calls.
class FixedClock final : public Clock {
 public:
  /// What the monotonic clock shows when the real one shows `start`: not 0, which programs take for
  /// "unset".
  static constexpr Nanoseconds kMonotonicStart{1'000'000'000};
  static constexpr Nanoseconds kStep{1'000};

  FixedClock(ClockState& state, Nanoseconds start) : state_(state), start_(start) {}

  Nanoseconds realtime() override { return start_ + step(); }
  Nanoseconds monotonic() override { return kMonotonicStart + step(); }
  Nanoseconds cpu() override { return step(); }
  Status sleep_until(Nanoseconds deadline) override;
  Nanoseconds resolution() const override { return kStep; }

 private:
  Nanoseconds step() { return state_.virtual_elapsed += kStep; }
  ClockState& state_;
  Nanoseconds start_;
};

/// The kernel's random numbers: getrandom(2), which the jail must allow.
class SystemEntropy final : public Entropy {
 public:
  Status fill(std::span<std::byte> out) override;
};

/// A stream that the seed alone determines (ChaCha20's key stream), however it is divided into
/// calls. Borrows `state`, whose seed must be set and which may be assigned to between calls. Not
/// for secrets: who knows the seed knows it all.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(RandomState& state) : state_(state) {}
  /// kFailedPrecondition when the state has no seed.
  Status fill(std::span<std::byte> out) override;

 private:
  RandomState& state_;
};

/// Input that has ended before it began.
class NoInput final : public InputSource {
 public:
  Result<std::size_t> read(std::span<std::byte>) override { return std::size_t{0}; }
  Result<bool> wait(Nanoseconds) override { return true; }
};

/// Input that is known beforehand. Owns it.
class TextInput final : public InputSource {
 public:
  explicit TextInput(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<bool> wait(Nanoseconds) override { return true; }

 private:
  std::string text_;
  std::size_t position_ = 0;
};

}  // namespace skerry::wasi
