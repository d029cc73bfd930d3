// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/environment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/random.h>
#include <time.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/safe_point.h"
#include "skerry/base/sha256.h"
#include "skerry/wasi/chacha20.h"

namespace skerry::wasi {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::uint64_t read_clock(clockid_t id) {
  timespec now{};
  // Fails only for an unknown clock.
  if (clock_gettime(id, &now) != 0) return 0;
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t hex_value(char digit) {
  return static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

}  // namespace

Seed seed_of(std::uint64_t seed) {
  std::array<std::byte, 8> bytes{};
  std::memcpy(bytes.data(), &seed, sizeof seed);
  const std::string hex = sha256_hex(bytes);
  Seed result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<std::byte>(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
  }
  return result;
}

SystemClock::SystemClock(ClockState& state, Nanoseconds resolution)
    : state_(state), resolution_(std::max(resolution, Nanoseconds(1))) {}

Nanoseconds SystemClock::rounded(std::uint64_t ns) const {
  return Nanoseconds(ns - ns % resolution_.count());
}

void SystemClock::resume() {
  state_.monotonic_offset_ns =
      static_cast<std::int64_t>(state_.last_monotonic.count() - read_clock(CLOCK_MONOTONIC));
}

Nanoseconds SystemClock::realtime() { return rounded(read_clock(CLOCK_REALTIME)); }

Nanoseconds SystemClock::monotonic() {
  // Unsigned sums: an offset from storage may be any number, and the guest's clock only has to keep
  // going.
  const std::uint64_t shown =
      read_clock(CLOCK_MONOTONIC) + static_cast<std::uint64_t>(state_.monotonic_offset_ns);
  const std::uint64_t behind = state_.last_monotonic.count() - shown;
  if (static_cast<std::int64_t>(behind) > 0) {
    state_.monotonic_offset_ns =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(state_.monotonic_offset_ns) + behind);
    return state_.last_monotonic;
  }
  state_.last_monotonic = rounded(shown);
  return state_.last_monotonic;
}

Nanoseconds SystemClock::cpu() { return rounded(read_clock(CLOCK_PROCESS_CPUTIME_ID)); }

Status SystemClock::sleep_until(Nanoseconds deadline) {
  // A coarse clock may still show less than the deadline afterwards, hence the loop; it ends at the
  // next step.
  for (Nanoseconds now = monotonic(); now < deadline; now = monotonic()) {
    const std::uint64_t rest = std::max((deadline - now).count(), resolution_.count());
    const std::uint64_t wake = read_clock(CLOCK_MONOTONIC) + std::min(rest, 86'400 * kNsPerSecond);
    timespec until{};
    until.tv_sec = static_cast<time_t>(wake / kNsPerSecond);
    until.tv_nsec = static_cast<long>(wake % kNsPerSecond);
    const SafePoint wait(true);
    const int error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    if (error != 0 && error != EINTR) return errno_status(error, "clock_nanosleep");
  }
  return ok_status();
}

Status FixedClock::sleep_until(Nanoseconds deadline) {
  const Nanoseconds now = kMonotonicStart + state_.virtual_elapsed;
  if (deadline > now) state_.virtual_elapsed += deadline - now;
  return ok_status();
}

Status SystemEntropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    SKERRY_ASSIGN(const ssize_t filled, syscall_result("getrandom", "", [&] {
                    return getrandom(out.data(), out.size(), 0);
                  }));
    out = out.subspan(static_cast<std::size_t>(filled));
  }
  return ok_status();
}

Status SeededEntropy::fill(std::span<std::byte> out) {
  if (!state_.seed.has_value()) return absl::FailedPreconditionError("random state has no seed");
  chacha20_stream(*state_.seed, state_.position, out);
  state_.position += out.size();
  return ok_status();
}

Result<std::size_t> TextInput::read(std::span<std::byte> out) {
  const std::size_t count = std::min(out.size(), text_.size() - position_);
  std::memcpy(out.data(), text_.data() + position_, count);
  position_ += count;
  return count;
}

}  // namespace skerry::wasi
